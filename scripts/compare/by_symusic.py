"""A row of `musical_metadata` by symusic, the quickest MIDI parser that Python has, and numpy."""

import numpy
from symusic import Score

import store


def row(digest, content):
    try:
        score = Score.from_midi(content)
    except Exception as error:
        raise store.Unreadable from error
    division = score.ticks_per_quarter or 1
    notes = drums = 0
    pitches, velocities, lengths, programs, names, lyrics = [], [], [], set(), [], []
    sustain = bend = False
    for track in score.tracks:
        lyrics += [lyric.text for lyric in track.lyrics]
        if track.name:
            names.append(store.clean(track.name))
        sustain = sustain or any(control.number == 64 and control.value >= 64 for control in track.controls)
        bend = bend or len(track.pitch_bends) > 0
        if not track.notes:
            continue
        columns = track.notes.numpy()
        count = len(columns["pitch"])
        notes += count
        velocities.append(columns["velocity"])
        if track.is_drum:
            drums += count
        else:
            programs.add(track.program)
            pitches.append(columns["pitch"])
            lengths.append(columns["duration"])
    end = score.end()
    tempos = [(tempo.time, tempo.mspq) for tempo in score.tempos]
    duration = store.seconds(tempos, end, division)
    bpm = [60e6 / tempo for _, tempo in tempos if tempo > 0]
    pitch = numpy.concatenate(pitches) if pitches else None
    length = numpy.concatenate(lengths) if lengths else None
    velocity = numpy.concatenate(velocities) if velocities else None
    meter = score.time_signatures[0] if score.time_signatures else None
    key = score.key_signatures[0] if score.key_signatures else None
    return (
        digest, division, len(score.tracks), notes, drums, end, duration,
        bpm[0] if bpm else 120.0, min(bpm, default=120.0), max(bpm, default=120.0), len(tempos),
        f"{meter.numerator}/{meter.denominator}" if meter else None, len(score.time_signatures),
        (store.MINOR if key.tonality else store.MAJOR)[key.key + 7] if key and -7 <= key.key <= 7 else None,
        sorted(programs),
        int(pitch.min()) if pitch is not None else None, int(pitch.max()) if pitch is not None else None,
        float(velocity.mean()) if velocity is not None else None,
        int(velocity.min()) if velocity is not None else None,
        int(velocity.max()) if velocity is not None else None,
        float(length.mean()) if length is not None else None,
        notes / duration if duration > 0 else None, sustain, bend, names,
        store.clean("".join(lyrics)) or None,
    )
