//! `musical_metadata`: what the music of a file says.
//!
//! [`Metadata`] is what an analysis finds; [`MetadataRow`] is the same under the id of its file. Units and ranges stand
//! at each field; `docs/schema.md` adds the algorithms and their sources.

use super::{Column, Fields, Row, row};

row! {
    /// The findings of one analysis, column by column.
    #[derive(Default)]
    Metadata in "musical_metadata" {
        /// The version of the analysis that found this, [`crate::midi::ANALYSER_VERSION`].
        analyser_version: int2 = i16,
        /// How much was asked of it, a word of [`crate::midi::AnalysisLevel`]. What a level leaves out is null.
        analysis: text = &'static str,
        /// Format of the file: 0 one track, 1 tracks side by side, 2 patterns one after the other. Other words are stored
        /// as 1, with a warning.
        smf_format: int2 = i16,
        /// Track chunks that were read.
        n_tracks: int4 = i32,
        /// Track count the header declares.
        n_tracks_declared: int4 = i32,
        /// Ticks per quarter note; none where the file counts SMPTE time.
        division: int4 or_null = Option<i32>,
        /// SMPTE frames per second (24, 25, 29 for 30 drop-frame, 30); none for metrical time.
        smpte_fps: int2 or_null = Option<i16>,
        /// Ticks per SMPTE frame; none for metrical time.
        smpte_ticks_per_frame: int2 or_null = Option<i16>,
        /// Events in all tracks, end-of-track events included.
        n_events: int4 = i32,
        /// Seconds from tick 0 to the last event of any track, through the tempo map of all tracks; the patterns of format 2
        /// follow one another.
        duration_sec: float8 = f64,
        /// Tick of the last event of any track.
        duration_ticks: int8 = i64,
        /// `duration_ticks / division`; none for SMPTE time.
        duration_beats: float8 or_null = Option<f64>,
        /// Bars begun until the last event, by the time-signature map (4/4 until one is given); none for SMPTE time.
        n_bars: int4 or_null = Option<i32>,
        /// Onset of the first note in seconds; none without notes.
        first_note_sec: float8 or_null = Option<f64>,
        /// End of the last note in seconds; none without notes.
        last_note_end_sec: float8 or_null = Option<f64>,
        /// Mean tempo over the duration, in quarter notes per minute: beats / minutes; none for SMPTE time.
        tempo_bpm: float4 or_null = Option<f32>,
        /// The first tempo event by tick, then track (120 where there is none), quarter notes per minute. None for SMPTE
        /// time, as the next two.
        tempo_first: float4 or_null = Option<f32>,
        /// Slowest tempo in force for any time before the last event.
        tempo_min: float4 or_null = Option<f32>,
        /// Fastest tempo in force for any time before the last event.
        tempo_max: float4 or_null = Option<f32>,
        /// Times the tempo takes another value after tick 0.
        n_tempo_changes: int4 = i32,
        /// Whether any tempo event is there.
        tempo_explicit: bool = bool,
        /// The first meter event by time, then track, as `6/8`; none without one.
        time_signature_first: text or_null = Option<String>,
        /// The meter in force for the most ticks, as `6/8`; `4/4` holds until one is given.
        time_signature_main: text or_null = Option<String>,
        /// Distinct meters in order of appearance, at most 64.
        time_signatures: text_array = Vec<String>,
        /// Times the meter takes another value after the first meter event.
        n_time_signature_changes: int4 = i32,
        /// The first key-signature event by time, then track, as `C`, `F#m`, `Bb`; none without a valid one.
        key_declared: text or_null = Option<String>,
        /// Key-signature events, those that name no key included.
        n_key_signatures: int4 = i32,
        /// The key the melodic notes are most likely in, as `C`, `F#m`, `Bb`; none without melodic notes.
        key: text or_null = Option<String>,
        /// Its tonic as a pitch class, 0 (C) to 11 (B).
        key_tonic: int2 or_null = Option<i16>,
        /// Its mode, `major` or `minor`.
        key_mode: text or_null = Option<&'static str>,
        /// Pearson's correlation of `pitch_class_histogram` with the profile of `key`, -1 to 1; none where all pitch classes
        /// weigh the same, as for `key`.
        key_confidence: float4 or_null = Option<f32>,
        /// `key_confidence` less the correlation of `key_second`, 0 to 2: how clear the case is.
        key_margin: float4 or_null = Option<f32>,
        /// The runner-up.
        key_second: text or_null = Option<String>,
        /// Share of each pitch class, C first, in the time that melodic notes sound, in ticks; sums to 1. None where none
        /// sounds for any time.
        pitch_class_histogram: float4_array or_null = Option<[f32; 12]>,
        /// Entropy of the pitch classes of the melodic notes, each note counted once, in bits (0 to 3.585).
        pitch_class_entropy: float4 or_null = Option<f32>,
        /// Entropy of their pitches, in bits (0 to 7).
        pitch_entropy: float4 or_null = Option<f32>,
        /// Largest share of the melodic notes that lies in one major scale (or natural minor, which is the same notes).
        scale_consistency: float4 or_null = Option<f32>,
        /// Note-on events with a velocity above 0.
        n_notes: int4 = i32,
        /// Notes among them that are closed by a note-off on the same track, channel and pitch: each note-off closes the
        /// oldest. The others end with their track.
        n_notes_paired: int4 = i32,
        /// Notes outside channel 10.
        n_melodic_notes: int4 = i32,
        /// Notes on channel 10.
        n_drum_notes: int4 = i32,
        /// `n_notes / duration_sec`; none for a duration of 0.
        notes_per_sec: float4 or_null = Option<f32>,
        /// `n_notes / duration_beats`; none for a duration of 0 or SMPTE time.
        notes_per_beat: float4 or_null = Option<f32>,
        /// Median length of melodic notes in quarter notes; none without or for SMPTE time.
        note_length_median_beats: float4 or_null = Option<f32>,
        /// Lowest melodic pitch (0-127).
        pitch_min: int2 or_null = Option<i16>,
        /// Highest melodic pitch (0-127).
        pitch_max: int2 or_null = Option<i16>,
        /// Mean melodic pitch, each note counted once.
        pitch_mean: float4 or_null = Option<f32>,
        /// Distinct melodic pitches.
        n_pitches: int2 = i16,
        /// Distinct melodic pitch classes (0-12).
        n_pitch_classes: int2 = i16,
        /// Most melodic notes sounding at one instant; a note that begins as another ends does not sound with it.
        polyphony_max: int4 = i32,
        /// Mean number of melodic notes sounding, over the time in which at least one does, in ticks.
        polyphony_mean: float4 or_null = Option<f32>,
        /// Share of the time from tick 0 to the last note's end in which two or more melodic notes sound, 0 to 1.
        polyphony_rate: float4 or_null = Option<f32>,
        /// Melodic intervals of the upper line (the highest melodic note of each onset, onsets told apart by 1/24 quarter
        /// note): share of unison, each interval up to eleven semitones, and an octave or more; sums to 1. None with fewer
        /// than two onsets; and, as the next four, beyond 65,536 quarter notes and for SMPTE time.
        melodic_interval_histogram: float4_array or_null = Option<[f32; 13]>,
        /// Mean size of these intervals in semitones.
        melodic_interval_mean: float4 or_null = Option<f32>,
        /// Median time from one onset of melodic notes to the next, in quarter notes, by steps of 1/24.
        ioi_median_beats: float4 or_null = Option<f32>,
        /// How alike the rhythms of neighbouring bars are, 0 to 1: 1 less the share of positions (1/24 quarter note) that
        /// differ, over all pairs of bars of the main meter up to the one in which the last note ends (an end on a bar line
        /// opens another). None with fewer than two bars.
        groove_consistency: float4 or_null = Option<f32>,
        /// Share of quarter notes, from tick 0 to the last note's end, in which no note sounds, 0 to 1; a note counts in the
        /// one in which it ends too, if only on its first tick.
        empty_beat_rate: float4 or_null = Option<f32>,
        /// Share of notes that begin on the grid of sixteenths or sixteenth triplets, to the tick, 0 to 1.
        quantized_ratio: float4 or_null = Option<f32>,
        /// Note onset median metric level: the median over `nomml_tracks`. 0 quarters, 2, 4 … 10 the duple subdivisions down
        /// to 1/128; 1, 3 … 11 the triplet ones; 12 between all of them.
        nomml: int2 or_null = Option<i16>,
        /// The median metric level of each part (a track's channel) with notes, in order of track, then channel; at most 256.
        nomml_tracks: int2_array or_null = Option<Vec<i16>>,
        /// Whether it is a performance rather than a score: `nomml` is 12.
        is_expressive: bool or_null = Option<bool>,
        /// Softest note-on velocity (1-127).
        velocity_min: int2 or_null = Option<i16>,
        /// Loudest note-on velocity (1-127).
        velocity_max: int2 or_null = Option<i16>,
        /// Mean note-on velocity.
        velocity_mean: float4 or_null = Option<f32>,
        /// Standard deviation of note-on velocities (population).
        velocity_std: float4 or_null = Option<f32>,
        /// Distinct note-on velocities.
        n_distinct_velocities: int2 = i16,
        /// Channels with notes, 1-16, ascending.
        channels: int2_array = Vec<i16>,
        /// Distinct program-change numbers in the file, 0-127, ascending, on any channel.
        programs: int2_array = Vec<i16>,
        /// Distinct programs in force on its channel, whichever track chose them, when a melodic note starts (0 where none
        /// was chosen), 0-127, ascending.
        instruments: int2_array = Vec<i16>,
        /// General MIDI families of `instruments`, 0-15 (program / 8), ascending.
        families: int2_array = Vec<i16>,
        /// Distinct keys played on channel 10, ascending.
        drum_keys: int2_array = Vec<i16>,
        /// Whether channel 10 has notes.
        has_drums: bool = bool,
        /// Whether any pitch-bend event is there.
        has_pitch_bend: bool = bool,
        /// Whether the sustain pedal (controller 64) is pressed (value of 64 or more).
        has_sustain: bool = bool,
        /// Distinct controllers that are moved on any channel, 0-127, ascending.
        controllers: int2_array or_null = Option<Vec<i16>>,
        /// Sound standards that the file switches on by system exclusive messages, in order of this list: `gm`, `gm2`, `gs`,
        /// `xg`.
        devices: text_array or_null = Option<Vec<String>>,
        /// Name of the piece: the first karaoke `@T` line, else the name of the first track.
        title: text or_null = Option<String>,
        /// Who made it: the second karaoke `@T` line; none elsewhere.
        artist: text or_null = Option<String>,
        /// The first copyright event.
        copyright: text or_null = Option<String>,
        /// Name of each track that has one, in track order; at most 256 of at most 1,024 characters, as all names.
        track_names: text_array = Vec<String>,
        /// Distinct instrument-name events in order of appearance.
        instrument_names: text_array = Vec<String>,
        /// Marker and cue-point texts in order of time.
        markers: text_array = Vec<String>,
        /// The words sung: lyric events (or, in karaoke files without any, the syllables among the text events) joined,
        /// track after track.
        lyrics: text or_null = Option<String>,
        /// What the first karaoke `@L` line says of the language of the words, in lower case.
        lyrics_language: text or_null = Option<String>,
        /// Whether it has lyrics, or karaoke text events (`@K`, `@T`, `@L`).
        is_karaoke: bool = bool,
        /// All other text of the file, names included, one line each, for searching; with `lyrics` at most 64 KiB as stored
        /// in the file.
        text: text or_null = Option<String>,
        /// How text was decoded: `ascii`, `utf-8` or a legacy encoding that was detected; none without text.
        text_encoding: text or_null = Option<String>,
        /// The bytes of all texts, lyrics included, in the order of the file, each but a lyric followed by a line feed, where
        /// their encoding is a guess; none where it is ASCII or UTF-8, and without text.
        text_raw: bytea or_null = Option<Vec<u8>>,
        /// The same for two files that have the same notes: a hash of the multiset of (onset since the first note in 1/24
        /// quarter notes, drum or not, pitch). None without notes and for SMPTE time, as the next three.
        note_signature: int8 or_null = Option<i64>,
        /// The same with the pitches of melodic notes counted from the lowest: equal for transpositions.
        transposed_signature: int8 or_null = Option<i64>,
        /// 32 minima over the runs of four notes in the upper line of each part, by intervals and distances: the share of
        /// equal places estimates how alike two files are. None where no part is that long.
        minhash: int4_array or_null = Option<[i32; 32]>,
        /// Its first fifteen places folded by threes: files that share one of these are candidates.
        minhash_bands: int4_array or_null = Option<[i32; 5]>,
        /// Chords in order, one for each change, as `C`, `Am`, `G7`, `F#dim`, `Bbmaj7`, at most 256; `N` where too little
        /// sounds, but not at the beginning and the end. None for SMPTE time, and `--analysis full` only, as the next two.
        chords: text_array or_null = Option<Vec<String>>,
        /// Loops in the parts (a track's channel): stretches of 4 to 32 quarter notes, from bar line to bar line, after which
        /// the part repeats itself for 2 quarter notes and 4 onsets at least. Those that begin alike count once.
        n_loops: int4 or_null = Option<i32>,
        /// The commonest length of these loops in bars of the main meter, the shorter where two are as common; none
        /// without loops.
        loop_bars: float4 or_null = Option<f32>,
    }
}

/// The findings of one analysis, under the id of their file.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataRow {
    /// The content they are about.
    pub file_id: i64,
    /// What was found.
    pub metadata: Metadata,
}

impl Row for MetadataRow {
    const TABLE: &'static str = Metadata::TABLE;
    const COLUMNS: &'static [Column] = &with_file_id();

    fn fields(&self, to: &mut impl Fields) {
        to.int8(self.file_id);
        self.metadata.fields(to);
    }

    fn weight(&self) -> usize {
        size_of::<i64>() + self.metadata.weight()
    }
}

const fn with_file_id() -> [Column; Metadata::COLUMNS.len() + 1] {
    let mut columns = [("file_id", super::ColumnType::Int8); Metadata::COLUMNS.len() + 1];
    let (_, rest) = columns.split_at_mut(1);
    rest.copy_from_slice(Metadata::COLUMNS);
    columns
}
