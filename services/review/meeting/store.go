// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/review/calendar"
	"samsyn/services/review/meeting/agenda"
)

// store reads and writes one municipality's meetings in one transaction.
type store struct {
	tx           pgx.Tx
	municipality string
}

// within runs fn in a transaction as a viewer, who has a municipality or is the program.
func within(ctx context.Context, db pg.Beginner, v pg.Viewer, fn func(store) error) error {
	return pg.InTx(ctx, db, v, func(tx pgx.Tx) error { return fn(store{tx, v.Municipality}) })
}

// in is the store of a municipality, for the program.
func (s store) in(municipality string) store { return store{s.tx, municipality} }

// RemindTx puts a mail for each silent agency's leads into the caller's transaction, before the deadline of a week: units that have
// neither reported nor said that they had nothing. It says how many agencies are silent. A week and an agency have one reminder, however
// often it is called.
func (s *Service) RemindTx(ctx context.Context, tx pgx.Tx, town calendar.Town, week web.Week) (int, error) {
	return s.remindSilent(ctx, store{tx, town.Municipality}, town, week)
}

// meeting is a row of review.meeting.
type meeting struct {
	Meeting          uuid.UUID
	Week             time.Time // its Monday, at midnight UTC
	StartsAt, EndsAt time.Time
	State            string
	Version          int
	Sequence         int
	Agenda           []byte
	Item             string
	StartedAt        *time.Time
	EndedAt          *time.Time
	AdjustedAt       *time.Time
	NextAt           *time.Time
	Notes            string
	UpdatedAt        time.Time
}

// The states of a meeting.
const (
	planned  = "planned"
	running  = "running"
	ended    = "ended"
	adjusted = "adjusted"
)

const meetingColumns = `meeting, week, starts_at, ends_at, state, version, sequence, agenda, coalesce(item, '') AS item, started_at, ended_at, adjusted_at,
  next_at, notes, updated_at`

const selectMeetings = `-- meeting: the latest
SELECT ` + meetingColumns + ` FROM review.meeting WHERE municipality = $1 ORDER BY starts_at DESC, week DESC LIMIT $2`

func (s store) meetings(ctx context.Context, most int) ([]meeting, error) {
	return collect[meeting](ctx, s.tx, "meetings", selectMeetings, s.municipality, most)
}

const selectMeeting = `-- meeting: one
SELECT ` + meetingColumns + ` FROM review.meeting WHERE municipality = $1 AND meeting = $2`

// lockMeeting also keeps two decisions of one meeting from taking the same number.
const lockMeeting = selectMeeting + ` FOR UPDATE`

func (s store) meeting(ctx context.Context, id uuid.UUID) (meeting, error) {
	return s.oneMeeting(ctx, selectMeeting, id)
}

func (s store) lock(ctx context.Context, id uuid.UUID) (meeting, error) {
	return s.oneMeeting(ctx, lockMeeting, id)
}

func (s store) oneMeeting(ctx context.Context, sql string, id uuid.UUID) (meeting, error) {
	m, err := one[meeting](ctx, s.tx, "meeting", sql, s.municipality, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return meeting{}, errUnknown
	}
	return m, err
}

// A meeting moves with the rhythm until it has begun; programs that show it are told by the sequence.
const planMeeting = `-- meeting: plan
INSERT INTO review.meeting AS m (municipality, meeting, week, starts_at, ends_at, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
ON CONFLICT (municipality, week) DO UPDATE
   SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, sequence = m.sequence + 1, version = m.version + 1, updated_at = excluded.updated_at
 WHERE m.state = 'planned' AND (m.starts_at, m.ends_at) <> (excluded.starts_at, excluded.ends_at)`

func (s store) plan(ctx context.Context, week, from, to, now time.Time) error {
	_, err := s.tx.Exec(ctx, planMeeting, s.municipality, uuid.New(), week, from, to, now)
	if err != nil {
		return fmt.Errorf("plan meeting of %s: %w", week.Format(time.DateOnly), err)
	}
	return nil
}

const selectPlanned = `-- meeting: weeks with a meeting to come
SELECT week FROM review.meeting WHERE municipality = $1 AND state = 'planned' AND starts_at > $2 ORDER BY week`

func (s store) plannedAfter(ctx context.Context, now time.Time) ([]time.Time, error) {
	rows, err := s.tx.Query(ctx, selectPlanned, s.municipality, now)
	if err != nil {
		return nil, fmt.Errorf("read planned meetings: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[time.Time])
}

const dropMeeting = `-- meeting: not any more, unless somebody has prepared it
DELETE FROM review.meeting m WHERE m.municipality = $1 AND m.week = $2 AND m.state = 'planned'
   AND NOT EXISTS (SELECT FROM review.meeting_hidden h WHERE (h.municipality, h.meeting) = (m.municipality, m.meeting))
   AND NOT EXISTS (SELECT FROM review.meeting_question q WHERE (q.municipality, q.meeting) = (m.municipality, m.meeting))`

func (s store) drop(ctx context.Context, week time.Time) error {
	if _, err := s.tx.Exec(ctx, dropMeeting, s.municipality, week); err != nil {
		return fmt.Errorf("drop meeting of %s: %w", week.Format(time.DateOnly), err)
	}
	return nil
}

const startMeeting = `-- meeting: start
UPDATE review.meeting SET state = 'running', agenda = $4, item = $5, started_at = $6, started_by = $7, version = version + 1, updated_at = $6
 WHERE municipality = $1 AND meeting = $2 AND version = $3 AND state = 'planned'`

func (s store) start(ctx context.Context, m meeting, a agenda.Agenda, by *uuid.UUID, now time.Time) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write agenda of meeting %s: %w", m.Meeting, err)
	}
	return s.change(ctx, "start", startMeeting, s.municipality, m.Meeting, m.Version, body, a.Items[0].Key, now, by)
}

// Going on in the agenda changes nothing that somebody else could overwrite: the version stays.
const moveTo = `-- meeting: the item that is talked about
UPDATE review.meeting SET item = $3, updated_at = $4 WHERE municipality = $1 AND meeting = $2 AND state = 'running'`

func (s store) moveTo(ctx context.Context, id uuid.UUID, item string, now time.Time) error {
	return s.change(ctx, "move on", moveTo, s.municipality, id, item, now)
}

const endMeeting = `-- meeting: end
UPDATE review.meeting SET state = 'ended', ended_at = $4, ended_by = $5, next_at = $6, version = version + 1, updated_at = $4
 WHERE municipality = $1 AND meeting = $2 AND version = $3 AND state = 'running'`

func (s store) end(ctx context.Context, id uuid.UUID, version int, by *uuid.UUID, next, now time.Time) error {
	return s.change(ctx, "end", endMeeting, s.municipality, id, version, now, by, next)
}

const writeNotes = `-- meeting: notes of the minutes
UPDATE review.meeting SET notes = $4, version = version + 1, updated_at = $5
 WHERE municipality = $1 AND meeting = $2 AND version = $3 AND state IN ('running', 'ended')`

func (s store) writeNotes(ctx context.Context, id uuid.UUID, version int, notes string, now time.Time) error {
	return s.change(ctx, "write notes", writeNotes, s.municipality, id, version, notes, now)
}

const adjustMeeting = `-- meeting: the minutes are true
UPDATE review.meeting SET state = 'adjusted', adjusted_at = $4, adjusted_by = $5, version = version + 1, updated_at = $4
 WHERE municipality = $1 AND meeting = $2 AND version = $3 AND state = 'ended'`

func (s store) adjust(ctx context.Context, id uuid.UUID, version int, by *uuid.UUID, now time.Time) error {
	return s.change(ctx, "adjust", adjustMeeting, s.municipality, id, version, now, by)
}

const adjustOld = `-- meeting: minutes that nobody objected to
UPDATE review.meeting SET state = 'adjusted', adjusted_at = $3, version = version + 1, updated_at = $3
 WHERE municipality = $1 AND state = 'ended' AND ended_at <= $2`

func (s store) adjustOld(ctx context.Context, endedBefore, now time.Time) error {
	_, err := s.tx.Exec(ctx, adjustOld, s.municipality, endedBefore, now)
	if err != nil {
		return fmt.Errorf("adjust old minutes: %w", err)
	}
	return nil
}

// change runs a statement that changes one meeting; errChanged if it is not as the statement says.
func (s store) change(ctx context.Context, what, sql string, args ...any) error {
	tag, err := s.tx.Exec(ctx, sql, args...)
	if err != nil {
		return fmt.Errorf("%s meeting %s: %w", what, args[1], err)
	}
	if tag.RowsAffected() == 0 {
		return errChanged
	}
	return nil
}

const selectHidden = `-- meeting: what was taken out of the agenda
SELECT item FROM review.meeting_hidden WHERE municipality = $1 AND meeting = $2 ORDER BY item`

func (s store) hidden(ctx context.Context, id uuid.UUID) ([]string, error) {
	rows, err := s.tx.Query(ctx, selectHidden, s.municipality, id)
	if err != nil {
		return nil, fmt.Errorf("read hidden items: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

const hideItem = `-- meeting: take an item out of the agenda
INSERT INTO review.meeting_hidden (municipality, meeting, item) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`

const showItem = `-- meeting: put an item back
DELETE FROM review.meeting_hidden WHERE municipality = $1 AND meeting = $2 AND item = $3`

func (s store) hide(ctx context.Context, id uuid.UUID, item string, hide bool) error {
	sql := showItem
	if hide {
		sql = hideItem
	}
	if _, err := s.tx.Exec(ctx, sql, s.municipality, id, item); err != nil {
		return fmt.Errorf("take out item: %w", err)
	}
	return nil
}

// question is one of our own.
type question struct {
	Question uuid.UUID
	Title    string
}

const selectQuestions = `-- meeting: questions of our own
SELECT question, title FROM review.meeting_question WHERE municipality = $1 AND meeting = $2 ORDER BY created_at, question`

func (s store) questions(ctx context.Context, id uuid.UUID) ([]question, error) {
	return collect[question](ctx, s.tx, "questions", selectQuestions, s.municipality, id)
}

const insertQuestion = `-- meeting: add a question
INSERT INTO review.meeting_question (municipality, meeting, question, title, created_at) VALUES ($1, $2, $3, $4, $5)`

func (s store) ask(ctx context.Context, id uuid.UUID, title string, now time.Time) error {
	if _, err := s.tx.Exec(ctx, insertQuestion, s.municipality, id, uuid.New(), title, now); err != nil {
		return fmt.Errorf("add question: %w", err)
	}
	return nil
}

const deleteQuestion = `-- meeting: take a question back
DELETE FROM review.meeting_question WHERE municipality = $1 AND meeting = $2 AND question = $3`

func (s store) unask(ctx context.Context, id, question uuid.UUID) error {
	if _, err := s.tx.Exec(ctx, deleteQuestion, s.municipality, id, question); err != nil {
		return fmt.Errorf("take back question: %w", err)
	}
	return nil
}

const upsertDecision = `-- meeting: a paragraph of the minutes
INSERT INTO review.meeting_decision AS d (municipality, meeting, number, subject, kind, body, decided_at, decided_by)
SELECT $1, $2, 1 + coalesce(max(number), 0), $3, $4, $5, $6, $7 FROM review.meeting_decision WHERE municipality = $1 AND meeting = $2
ON CONFLICT (municipality, meeting, subject) DO UPDATE
   SET kind = excluded.kind, body = excluded.body, decided_at = excluded.decided_at, decided_by = excluded.decided_by`

func (s store) decide(ctx context.Context, id uuid.UUID, d agenda.Decision, by *uuid.UUID) error {
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("write decision on %s: %w", d.Subject, err)
	}
	if _, err := s.tx.Exec(ctx, upsertDecision, s.municipality, id, d.Subject, d.Kind, body, d.At, by); err != nil {
		return fmt.Errorf("store decision on %s: %w", d.Subject, err)
	}
	return nil
}

const selectDecisions = `-- meeting: the paragraphs of the minutes
SELECT number, subject, body, decided_at FROM review.meeting_decision WHERE municipality = $1 AND meeting = $2 ORDER BY number`

func (s store) decisions(ctx context.Context, id uuid.UUID) ([]agenda.Decision, error) {
	type row struct {
		Number    int
		Subject   string
		Body      []byte
		DecidedAt time.Time
	}
	rows, err := collect[row](ctx, s.tx, "decisions", selectDecisions, s.municipality, id)
	if err != nil {
		return nil, err
	}
	all := make([]agenda.Decision, len(rows))
	for i, r := range rows {
		if err := json.Unmarshal(r.Body, &all[i]); err != nil {
			return nil, fmt.Errorf("read decision %d: %w", r.Number, err)
		}
		all[i].Number, all[i].Subject, all[i].At = r.Number, r.Subject, r.DecidedAt
	}
	return all, nil
}

// present is somebody in the room; Person is zero for somebody of an agency that has no member.
type present struct {
	Agency string
	Person uuid.UUID
}

const selectPresent = `-- meeting: who is in the room
SELECT agency, person FROM review.meeting_attendance WHERE municipality = $1 AND meeting = $2 ORDER BY agency, person`

func (s store) present(ctx context.Context, id uuid.UUID) ([]present, error) {
	return collect[present](ctx, s.tx, "attendance", selectPresent, s.municipality, id)
}

const clearPresent = `-- meeting: an empty room
DELETE FROM review.meeting_attendance WHERE municipality = $1 AND meeting = $2`

const insertPresent = `-- meeting: those in the room
INSERT INTO review.meeting_attendance (municipality, meeting, agency, person)
SELECT $1, $2, agency, person FROM unnest($3::text[], $4::uuid[]) AS r (agency, person)`

func (s store) setPresent(ctx context.Context, id uuid.UUID, all []present) error {
	agencies, people := make([]string, len(all)), make([]uuid.UUID, len(all))
	for i, p := range all {
		agencies[i], people[i] = p.Agency, p.Person
	}
	if _, err := s.tx.Exec(ctx, clearPresent, s.municipality, id); err != nil {
		return fmt.Errorf("clear attendance: %w", err)
	}
	if _, err := s.tx.Exec(ctx, insertPresent, s.municipality, id, agencies, people); err != nil {
		return fmt.Errorf("store attendance: %w", err)
	}
	return nil
}

func collect[T any](ctx context.Context, tx pgx.Tx, what, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return all, nil
}

func one[T any](ctx context.Context, tx pgx.Tx, what, sql string, args ...any) (T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		var none T
		return none, fmt.Errorf("read %s: %w", what, err)
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
	if err != nil {
		return row, fmt.Errorf("read %s: %w", what, err)
	}
	return row, nil
}
