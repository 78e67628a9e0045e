// SPDX-License-Identifier: EUPL-1.2

package events

// Refused: the body cannot be an event. The first group is the JSON gate, the second the contract's fields.
const (
	EmptyBody       Code = "empty_body"
	NotObject       Code = "not_object"
	JSONSyntax      Code = "json_syntax"
	JSONTrailing    Code = "json_trailing"
	NotUTF8         Code = "not_utf8"
	NULChar         Code = "nul_char"
	LoneSurrogate   Code = "lone_surrogate"
	DuplicateMember Code = "duplicate_member"
	TooDeep         Code = "too_deep"
	TooManyMembers  Code = "too_many_members"
	TooLarge        Code = "too_large"
	NumberRange     Code = "number_range"
	NumberPrecision Code = "number_precision"

	UnknownMember       Code = "unknown_member"
	WrongType           Code = "type"
	Required            Code = "required"
	OutOfRange          Code = "range"
	BadHeader           Code = "bad_header"
	BadSubject          Code = "bad_subject"
	SubjectMismatch     Code = "subject_mismatch"
	NotAnEvent          Code = "not_an_event"
	BadID               Code = "bad_id"
	RevisionRange       Code = "revision_range"
	TimeSyntax          Code = "time_syntax"
	TimeNoZone          Code = "time_no_zone"
	TimeRange           Code = "time_range"
	TimeNonexistent     Code = "time_nonexistent"
	IntervalReversed    Code = "interval_reversed"
	IntervalLong        Code = "interval_long"
	NoPlace             Code = "no_place"
	CoordsRange         Code = "coords_range"
	CoordsNullIsland    Code = "coords_null_island"
	CoordsUnknownSystem Code = "coords_unknown_system"
	Dwelling            Code = "dwelling"
	TextTooLong         Code = "text_too_long"
)

// Quarantined: an event, but its sender must decide.
const (
	AgencyMismatch      Code = "agency_mismatch"
	IDConflict          Code = "id_conflict"
	SchemaUnsupported   Code = "schema_unsupported"
	FutureTime          Code = "future_time"
	TooOld              Code = "too_old"
	DefaultTime         Code = "default_time"
	TimeOrder           Code = "time_order"
	TimeAmbiguous       Code = "time_ambiguous"
	CoordsSwapped       Code = "coords_swapped"
	CoordsSweref        Code = "coords_sweref"
	OutsideMunicipality Code = "outside_municipality"
	PlaceConflict       Code = "place_conflict"
	UnknownProperty     Code = "unknown_property"
	UnknownArea         Code = "unknown_area"
	UnknownCode         Code = "unknown_code"
	UnknownGroup        Code = "unknown_group"
	PIIPersonnummer     Code = "pii_personnummer"
	PIIPhone            Code = "pii_phone"
	PIIEmail            Code = "pii_email"
	PIIPlate            Code = "pii_plate"
	PIIName             Code = "pii_name"
	PIIAddress          Code = "pii_address"
	PIIInID             Code = "pii_in_id"
)

// Given at the door only: nothing was stored.
const (
	AgencySuspended     Code = "agency_suspended"
	RateLimited         Code = "rate_limited"
	StreamFull          Code = "stream_full"
	UnknownReport       Code = "unknown_report"
	IdempotencyConflict Code = "idempotency_conflict"
)

// InternalError is the one reason for being held: ours, not the sender's.
const InternalError Code = "internal_error"

// Accepted with notes.
const (
	BOMRemoved       Code = "bom_removed"
	ControlsRemoved  Code = "controls_removed"
	BidiRemoved      Code = "bidi_removed"
	ZeroWidthRemoved Code = "zero_width_removed"
	NFC              Code = "nfc"
	Trimmed          Code = "trimmed"
	MappedCode       Code = "mapped_code"
	Rounded          Code = "rounded"
	OffsetUnusual    Code = "offset_unusual"
	CoordsCoarse     Code = "coords_coarse"
	Late             Code = "late"
	Duplicate        Code = "duplicate"
	Superseded       Code = "superseded"
	TextOff          Code = "text_off"
)
