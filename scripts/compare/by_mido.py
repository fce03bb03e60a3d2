"""A row of `musical_metadata` by mido, as most scripts read MIDI."""

import io

import mido

import store


def mean(values):
    return sum(values) / len(values) if values else None


def row(digest, content):
    try:
        file = mido.MidiFile(file=io.BytesIO(content))
    except Exception as error:
        raise store.Unreadable from error
    notes = drums = end = 0
    pitches, velocities, lengths, programs, names, tempos, meters, keys, lyrics = [], [], [], set(), [], [], [], [], []
    sustain = bend = False
    for track in file.tracks:
        tick, sounding, program = 0, {}, [0] * 16
        for message in track:
            tick += message.time
            kind = message.type
            if kind == "note_on" and message.velocity > 0:
                notes += 1
                velocities.append(message.velocity)
                if message.channel == 9:
                    drums += 1
                else:
                    pitches.append(message.note)
                    programs.add(program[message.channel])
                sounding.setdefault((message.channel, message.note), []).append(tick)
            elif kind in ("note_off", "note_on"):
                begun = sounding.get((message.channel, message.note))
                if begun:
                    began = begun.pop(0)
                    if message.channel != 9:
                        lengths.append(tick - began)
            elif kind == "program_change":
                program[message.channel] = message.program
            elif kind == "control_change":
                sustain = sustain or (message.control == 64 and message.value >= 64)
            elif kind == "pitchwheel":
                bend = True
            elif kind == "set_tempo":
                tempos.append((tick, message.tempo))
            elif kind == "time_signature":
                meters.append((tick, f"{message.numerator}/{message.denominator}"))
            elif kind == "key_signature":
                keys.append((tick, message.key))
            elif kind == "track_name":
                names.append(store.clean(message.name))
            elif kind == "lyrics":
                lyrics.append(message.text)
        end = max(end, tick)
    tempos.sort()
    division = file.ticks_per_beat or 1
    duration = store.seconds(tempos, end, division)
    bpm = [60e6 / tempo for _, tempo in tempos if tempo > 0]
    return (
        digest, division, len(file.tracks), notes, drums, end, duration,
        bpm[0] if bpm else 120.0, min(bpm, default=120.0), max(bpm, default=120.0), len(tempos),
        min(meters)[1] if meters else None, len(meters), min(keys)[1] if keys else None, sorted(programs),
        min(pitches, default=None), max(pitches, default=None), mean(velocities),
        min(velocities, default=None), max(velocities, default=None), mean(lengths),
        notes / duration if duration > 0 else None, sustain, bend, names,
        store.clean("".join(lyrics)) or None,
    )
