// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/schemas"
	"samsyn/services/correlator/link"
)

// A recount makes everything that follows from the stored bytes and the recorded verdicts, as if it
// had all come in one batch. It uses the code of the live path where that is a pure function of the
// events, and none of it that reads what stands in the projections.

// stored is one event as the truth holds it. Outcome and reading are those that count now: of a
// released event, the release's.
type stored struct {
	Agency       string
	Kind         string
	Report       string
	Revision     int32
	Batch        int64
	Item         int32
	Verb         string
	SaidKind     string
	SaidReport   string
	SaidRevision int32
	Content      []byte
	Verdict      string
	Reasons      []byte
	StreamSeq    int64
	StoredAt     time.Time
	Category     *string
	Severity     *int16
	District     *string
	Area         *string
	Lon          *float64
	Lat          *float64
	Exactness    *int16
	Decision     *string
	Sha256       []byte
	Body         []byte
}

const readTruth = `-- correlator: every event with its bytes and what was decided about it
SELECT e.agency, e.kind, e.report, e.revision, coalesce(d.batch, e.batch), e.item, e.verb, e.said_kind, e.said_report, e.said_revision, e.content,
       e.outcome, e.reasons, e.stream_seq, e.stored_at,
       coalesce(d.category, e.category), coalesce(d.severity, e.severity), coalesce(d.district, e.district), coalesce(d.area, e.area),
       coalesce(d.lon, e.lon), coalesce(d.lat, e.lat), coalesce(d.exactness, e.exactness), d.verb, e.sha256, e.body
  FROM correlator.event e
  LEFT JOIN correlator.decision d ON (d.municipality, d.agency, d.kind, d.report, d.revision) = (e.municipality, e.agency, e.kind, e.report, e.revision)
 WHERE e.municipality = $1
 ORDER BY e.batch, e.item`

// recounted is the outcome of a recount: the projections as they should be.
type recounted struct {
	*booking
	// rebuilt is the batch that a rebuild writes; events keep the batches in which they came.
	rebuilt    int64
	events     map[string]int64
	quarantine map[key]string
	// hashes and contents of everything stored, to be compared with the streams.
	hashes   map[[32]byte]bool
	contents map[contentKey]bool
	problems []string
}

// contentKey is an event whatever its bytes: its key and its content.
type contentKey struct {
	key
	content [32]byte
}

func (r *recounted) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// recount reads the truth of a municipality and makes its projections in memory. progress is told
// how many events were read, every now and then.
func (s *Service) recount(ctx context.Context, tx pgx.Tx, ref *reference, progress func(int64)) (*recounted, error) {
	r := &recounted{
		booking: newBooking(s.store, ref, time.Now()), events: map[string]int64{}, quarantine: map[key]string{},
		hashes: map[[32]byte]bool{}, contents: map[contentKey]bool{},
	}
	rows, err := tx.Query(ctx, readTruth, string(ref.municipality))
	if err != nil {
		return nil, fmt.Errorf("read events of %s: %w", ref.municipality, err)
	}
	defer rows.Close()
	var n int64
	for rows.Next() {
		e, err := pgx.RowToStructByPos[stored](rows)
		if err != nil {
			return nil, fmt.Errorf("read event of %s: %w", ref.municipality, err)
		}
		r.take(e)
		if n++; n%5000 == 0 {
			progress(n)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read events of %s: %w", ref.municipality, err)
	}
	progress(n)
	r.linkAll()
	return r, nil
}

// take checks one event against its bytes and lets it move what it moves.
func (r *recounted) take(e stored) {
	r.events[e.Verdict]++
	name := fmt.Sprintf("%s/%s %s %s:%d", r.ref.municipality, e.Agency, e.Kind, e.Report, e.Revision)
	v := verdict{arrival: arrival{
		municipality: r.ref.municipality, agency: events.AgencyID(e.Agency), verb: events.Verb(e.Verb), stored: e.StoredAt, body: e.Body,
	}}
	v.sha = sumOf(e.Body)
	if !bytes.Equal(v.sha[:], e.Sha256) {
		r.problem("%s: the stored bytes have another SHA-256 than when they came", name)
		return
	}
	r.hashes[v.sha] = true
	var reasons []events.Reason
	v.event, reasons = events.Decode(e.Body)
	reasons = append(reasons, v.event.Mismatch(v.municipality, v.agency, v.verb)...)
	v.outcome = events.Outcome(e.Verdict)
	r.checkVerdict(name, e, v, events.Worst(reasons))
	k := key{v.agency, e.Kind, e.Report, e.Revision}
	r.contents[contentKey{key{v.agency, e.SaidKind, e.SaidReport, e.SaidRevision}, v.event.Content}] = true
	if v.outcome == events.Quarantined {
		r.quarantine[k] = "open"
		r.quarantined = append(r.quarantined, item{key: k, verdict: &v})
		if e.Decision == nil {
			return
		}
		if r.quarantine[k] = *e.Decision; *e.Decision != string(events.Release) {
			return
		}
		v.outcome = events.Accepted
	}
	v.reading = e.reading(r.ref.categories)
	if r.ref.draft(&v); v.row != nil {
		v.row.Batch = e.Batch
	}
	r.batch = e.Batch
	r.apply(item{key: k, verdict: &v})
}

// checkVerdict compares what is recorded with what the bytes say without reference data.
func (r *recounted) checkVerdict(name string, e stored, v verdict, worst events.Outcome) {
	if (worst == events.Refused || refusedByHeader(e.Reasons)) != (v.outcome == events.Refused) {
		r.problem("%s: recorded as %s, the bytes say %s", name, v.outcome, worst)
	}
	if worst == events.Quarantined && v.outcome == events.Accepted {
		r.problem("%s: accepted, the bytes say quarantined", name)
	}
	if v.outcome == events.Refused {
		return
	}
	if string(v.event.Kind) != e.SaidKind || string(v.event.Report) != e.SaidReport || int32(v.event.Revision) != e.SaidRevision {
		r.problem("%s: the bytes say %s %s:%d", name, v.event.Kind, v.event.Report, v.event.Revision)
	}
	if !bytes.Equal(v.event.Content[:], e.Content) {
		r.problem("%s: the bytes have other content than recorded", name)
	}
}

// refusedByHeader says that an event was refused for what it came with: that is recorded, and not among its bytes.
func refusedByHeader(reasons []byte) bool {
	return slices.ContainsFunc(recall(reasons), func(r events.Reason) bool { return r.Code == events.BadHeader })
}

// reading is the recorded reading of an accepted event.
func (e stored) reading(categories map[string]schemas.Category) reading {
	var read reading
	if e.Category != nil {
		read.category, read.group = *e.Category, categories[*e.Category].Group
	}
	if e.Severity != nil {
		read.severity = int(*e.Severity)
	}
	if e.Exactness != nil {
		read.place.exactness = int(*e.Exactness)
	}
	if e.District != nil && e.Area != nil {
		read.place.district, read.place.area = *e.District, *e.Area
	}
	if e.Lon != nil && e.Lat != nil {
		read.place.lon, read.place.lat = *e.Lon, *e.Lat
	}
	return read
}

// linkAll links everything at once and counts it.
func (r *recounted) linkAll() {
	graph := link.NewGraph()
	for _, e := range r.near.entries {
		if e.after.Counted {
			graph.Add(e.after.linkable(r.ref.projection))
		}
	}
	r.near.graph = graph
	r.near.assign(nil)
	for _, e := range r.near.entries {
		r.counts.add(e.after, +1)
		r.reports = append(r.reports, e.after)
	}
}
