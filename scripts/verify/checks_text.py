"""The checks of names and words, for files whose text is ASCII: Latin-1, as mido decodes it, is the same then."""

from compare import EXACT, Cause, Check
from content import Content, Incomparable


def _name(text: str) -> str:
    """A text as a name: one line without control characters, of at most 1,024 characters."""
    kept = "".join(c for c in text if c in "\t\n\r" or c.isprintable())
    return "".join(" " if c in "\t\n\r" else c for c in kept.strip())[:1024].rstrip()


def _ascii(content: Content) -> Content:
    if content.row["text_encoding"] not in (None, "ascii"):
        raise Incomparable("not ASCII")
    return content


def _of(content: Content, *kinds: str):
    return [text for text in _ascii(content).events.texts if text.kind in kinds]


def _by_track(content: Content) -> dict[int, str]:
    names: dict[int, str] = {}
    for text in _of(content, "track_name"):
        if _name(text.text):
            names.setdefault(text.track, _name(text.text))
    return names


def _karaoke(content: Content) -> list[str]:
    return [_name(text.text[2:]) for text in _of(content, "text") if text.text.startswith("@T")]


def _title(content: Content) -> str | None:
    return next(iter(_karaoke(content)), "") or _by_track(content).get(0)


def _artist(content: Content) -> str | None:
    return next(iter(_karaoke(content)[1:]), "") or None


def _language(content: Content) -> str | None:
    lines = [_name(text.text[2:]) for text in _of(content, "text") if text.text.startswith("@L")]
    return next(iter(lines), "").lower() or None


def _copyright(content: Content) -> str | None:
    return next((_name(text.text) for text in _of(content, "copyright") if _name(text.text)), None)


def _instrument_names(content: Content) -> list[str]:
    names = (_name(text.text) for text in _of(content, "instrument_name"))
    return list(dict.fromkeys(name for name in names if name))[:256]


def _markers(content: Content) -> list[str]:
    marks = sorted(_of(content, "marker", "cue_marker"), key=lambda text: text.tick)
    return [name for text in marks[:256] if (name := _name(text.text))]


def _letters(text: str | None) -> str:
    """Only what is sung: syllables are joined and broken into lines in several ways."""
    return "".join(c for c in text or "" if c.isprintable() and c not in " /\\")


def _pretty_words(content: Content) -> str:
    words = _letters("".join(lyric.text for lyric in _ascii(content).pretty.lyrics))
    if not words and content.row["is_karaoke"]:
        raise Incomparable("words as plain text events, which pretty_midi does not take for lyrics")
    return words


def _encoding(content: Content) -> str | None:
    data = "".join(text.text for text in content.events.texts).encode("latin-1")
    if not data:
        return None
    if data.isascii():
        return "ascii"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "legacy"
    return "utf-8"


def _class(encoding: str | None) -> str | None:
    return encoding if encoding in (None, "ascii", "utf-8") else "legacy"


LYRIC_TRACKS = Cause(
    "lyrics on several tracks, which pretty_midi merges by time",
    lambda content: len({text.track for text in content.events.texts if text.kind == "lyrics"}) > 1,
)
LEGACY_SPLIT = Cause(
    "a character is split between two events",
    lambda content: any(text.kind == "lyrics" and not text.text.isascii() for text in content.events.texts),
)
CUT = Cause("more text than is kept", lambda content: bool(content.row["warnings"] & 4))

TEXTS: list[Check] = [
    Check("text_encoding", "Python's decoders", _encoding, EXACT, 0.99, (LEGACY_SPLIT, CUT), lambda row: _class(row["text_encoding"])),
    Check("track_names", "mido", lambda c: list(_by_track(c).values())[:256], EXACT, 0.99, (CUT,)),
    Check("title", "mido", _title, EXACT, 0.99, (CUT,)),
    Check("artist", "mido", _artist, EXACT, 0.99, (CUT,)),
    Check("copyright", "mido", _copyright, EXACT, 0.99, (CUT,)),
    Check("instrument_names", "mido", _instrument_names, EXACT, 0.99, (CUT,)),
    Check("markers", "mido", _markers, EXACT, 0.99, (CUT,)),
    Check("lyrics", "pretty_midi", _pretty_words, EXACT, 0.95, (LYRIC_TRACKS, CUT), lambda row: _letters(row["lyrics"])),
    Check("lyrics_language", "mido", _language, EXACT, 0.99, (CUT,)),
]
