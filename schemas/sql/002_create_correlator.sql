-- correlator: what every acknowledged event became, the reports and incidents that follow, and their counts.
--
-- Truth:       event (identity, verdict and bytes, append-only), decision (what people decided later), held.
-- Projections: report (an incident is the row of its lead report), notice, count, source, quarantine. Rebuilt from the truth.
-- Journal:     batch (one row a committed batch, with the change of every count it moved).
-- Edge:        position (how far each stream is read), outgoing (what is committed and not yet sent).

CREATE SCHEMA correlator;
GRANT USAGE ON SCHEMA correlator TO samsyn_correlator, samsyn_intake, samsyn_alerting, samsyn_access, samsyn_web, samsyn_agency;

-- The head row is locked first in every batch: batches of a municipality are numbered in the order in
-- which they commit, and two correlators never link reports of one place past each other.
CREATE TABLE correlator.head (
  municipality text PRIMARY KEY,
  batch        bigint NOT NULL
);

CREATE TABLE correlator.batch (
  municipality      text NOT NULL,
  batch             bigint NOT NULL,
  committed_at      timestamptz NOT NULL,
  reference_version bigint NOT NULL,
  -- Parallel arrays, one element a changed count.
  districts  text[] NOT NULL,
  areas      text[] NOT NULL,
  categories text[] NOT NULL,
  days       date[] NOT NULL,
  hours      int2[] NOT NULL,
  incidents  int4[] NOT NULL,
  reports    int4[] NOT NULL,
  PRIMARY KEY (municipality, batch)
);

-- Identity is (municipality, agency, kind, report, revision) for ever. What cannot be an event, or
-- claims a key that other content has, is known by a SHA-256: of its bytes (kind refused) or of its
-- content (kind conflict), report = the hash in hex, revision 0.
CREATE TABLE correlator.event (
  municipality text NOT NULL,
  agency       text NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('incident', 'nothing', 'counts', 'context', 'refused', 'conflict')),
  report       text NOT NULL,
  revision     int NOT NULL,
  batch        bigint NOT NULL,
  item         int NOT NULL,
  verb         text NOT NULL,
  event_id     text NOT NULL,
  -- What a refused or conflicting event says it is: its receipt repeats it.
  said_kind     text NOT NULL,
  said_report   text NOT NULL,
  said_revision int NOT NULL,
  content      bytea NOT NULL,
  outcome      text NOT NULL CHECK (outcome IN ('accepted', 'quarantined', 'refused')),
  reasons      jsonb,
  notes        jsonb,
  stream_seq   bigint NOT NULL,
  stored_at    timestamptz NOT NULL,
  decided_at   timestamptz NOT NULL,
  -- The verdict's reading of the place and the code, so that a rebuild decides nothing again.
  reference_version bigint NOT NULL,
  category     text,
  severity     int2,
  district     text,
  area         text,
  lon          double precision,
  lat          double precision,
  exactness    int2,
  -- The event as it came, and its hash.
  sha256       bytea NOT NULL CHECK (length(sha256) = 32),
  body         bytea NOT NULL,
  PRIMARY KEY (municipality, agency, kind, report, revision),
  CHECK ((outcome = 'refused') = (kind = 'refused')),
  CHECK (kind <> 'conflict' OR outcome = 'quarantined'),
  CHECK (outcome = 'accepted' OR reasons IS NOT NULL)
);
-- Event bodies are short and already dense: compressing them costs more than it saves.
ALTER TABLE correlator.event ALTER COLUMN body SET STORAGE EXTERNAL;
-- The receipt cursor of an agency.
CREATE INDEX event_batch ON correlator.event (municipality, agency, batch, item);

-- What was decided after the verdict: released, dropped or corrected out of quarantine. Append-only.
CREATE TABLE correlator.decision (
  municipality text NOT NULL,
  agency       text NOT NULL,
  batch        bigint NOT NULL,
  item         int NOT NULL,
  kind         text NOT NULL,
  report       text NOT NULL,
  revision     int NOT NULL,
  verb         text NOT NULL CHECK (verb IN ('released', 'dropped', 'corrected')),
  decided_by   text NOT NULL,
  decided_at   timestamptz NOT NULL,
  notes        jsonb,
  -- The reading at the time of the release, as in event.
  reference_version bigint NOT NULL,
  category     text,
  severity     int2,
  district     text,
  area         text,
  lon          double precision,
  lat          double precision,
  exactness    int2,
  PRIMARY KEY (municipality, agency, batch, item),
  -- A quarantined event leaves quarantine once.
  UNIQUE (municipality, agency, kind, report, revision)
);

-- Ours, not the sender's: a bug or a part that was away. No receipt yet; retried; never a dead letter.
CREATE TABLE correlator.held (
  municipality text NOT NULL,
  agency       text NOT NULL,
  verb         text NOT NULL,
  sha256       bytea NOT NULL,
  stream_seq   bigint NOT NULL,
  stored_at    timestamptz NOT NULL,
  body         bytea NOT NULL,
  trace        uuid NOT NULL,
  error        text NOT NULL,
  attempts     int NOT NULL DEFAULT 1,
  held_at      timestamptz NOT NULL,
  next_at      timestamptz NOT NULL,
  PRIMARY KEY (municipality, agency, verb, sha256)
);

CREATE TABLE correlator.report (
  municipality text NOT NULL,
  agency       text NOT NULL,
  report       text NOT NULL,
  revision     int NOT NULL,
  batch        bigint NOT NULL,
  state        text NOT NULL CHECK (state IN ('accepted', 'withdrawn')),
  -- Accepted, not withheld, not a test, of a countable category: takes part in counts and links.
  counted      boolean NOT NULL,
  category     text NOT NULL,
  grp          text NOT NULL,
  severity     int2 NOT NULL CHECK (severity BETWEEN 0 AND 4),
  certainty    text NOT NULL,
  occurred_from timestamptz NOT NULL,
  occurred_to  timestamptz NOT NULL,
  reported_at  timestamptz NOT NULL,
  stored_at    timestamptz NOT NULL,
  lon          double precision,
  lat          double precision,
  -- 4 coordinates, 3 grid, 2 property, 1 area, 0 none.
  exactness    int2 NOT NULL,
  place_type   text NOT NULL,
  district     text NOT NULL,
  area         text NOT NULL,
  unit         text NOT NULL,
  origin       text NOT NULL,
  sharing      text NOT NULL CHECK (sharing IN ('withheld', 'counts', 'coordinators', 'partners')),
  groups       text[],
  share_after  timestamptz,
  test         boolean NOT NULL,
  reference    text,
  reporter     text,
  -- Local day and hour of the report in the municipality's zone; hour -1: not known to two hours.
  day          date NOT NULL,
  hour         int2 NOT NULL CHECK (hour BETWEEN -1 AND 23),
  -- Square that the point lies in (package link); null where there is no point to link by.
  cell         bigint,
  episode      uuid NOT NULL,
  lead         boolean NOT NULL,
  -- Of the episode, kept on its lead: who saw it, and by how many reports.
  agencies     text[] NOT NULL,
  reports      int NOT NULL,
  PRIMARY KEY (municipality, agency, report)
);
CREATE INDEX report_cell ON correlator.report (municipality, cell, occurred_from) WHERE counted AND cell IS NOT NULL;
CREATE INDEX report_reference ON correlator.report (municipality, agency, reference) WHERE reference IS NOT NULL;
CREATE INDEX report_episode ON correlator.report (municipality, episode) WHERE reports > 1;
CREATE INDEX report_day ON correlator.report (municipality, day) WHERE lead AND counted;
CREATE INDEX report_serious ON correlator.report (municipality, batch) WHERE severity = 4 AND counted;

-- Nothing to report, weekly figures and context: kept and shown beside the incidents, never counted among them.
CREATE TABLE correlator.notice (
  municipality text NOT NULL,
  agency       text NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('nothing', 'counts', 'context')),
  report       text NOT NULL,
  revision     int NOT NULL,
  batch        bigint NOT NULL,
  state        text NOT NULL CHECK (state IN ('accepted', 'withdrawn')),
  starts       timestamptz,
  ends         timestamptz,
  unit         text,
  areas        text[],
  category     text,
  n            int,
  context      text,
  text         text,
  PRIMARY KEY (municipality, agency, kind, report)
);

CREATE TABLE correlator.count (
  municipality text NOT NULL,
  day          date NOT NULL,
  district     text NOT NULL,
  area         text NOT NULL,
  category     text NOT NULL,
  hour         int2 NOT NULL,
  incidents    int NOT NULL CHECK (incidents >= 0),
  reports      int NOT NULL CHECK (reports >= 0),
  PRIMARY KEY (municipality, day, district, area, category, hour)
) WITH (fillfactor = 80);

-- When each unit was last heard: silence is not calm.
CREATE TABLE correlator.source (
  municipality text NOT NULL,
  agency       text NOT NULL,
  unit         text NOT NULL,
  events       bigint NOT NULL,
  first_at     timestamptz NOT NULL,
  last_at      timestamptz NOT NULL,
  nothing_to   timestamptz,
  PRIMARY KEY (municipality, agency, unit)
) WITH (fillfactor = 50);

CREATE TABLE correlator.quarantine (
  municipality text NOT NULL,
  agency       text NOT NULL,
  id           uuid NOT NULL,
  kind         text NOT NULL,
  report       text NOT NULL,
  revision     int NOT NULL,
  state        text NOT NULL CHECK (state IN ('open', 'released', 'dropped', 'corrected')),
  since        timestamptz NOT NULL,
  PRIMARY KEY (municipality, agency, id)
);
CREATE INDEX quarantine_open ON correlator.quarantine (municipality, agency) WHERE state = 'open';

CREATE TABLE correlator.position (
  municipality text NOT NULL,
  agency       text NOT NULL,
  seq          bigint NOT NULL,
  sha256       bytea NOT NULL,
  stored_at    timestamptz NOT NULL,
  PRIMARY KEY (municipality, agency)
) WITH (fillfactor = 50);

-- Committed and not yet sent: the messages of one batch for one stream, packed, so that sending costs one row.
CREATE TABLE correlator.outgoing (
  municipality text NOT NULL,
  batch        bigint NOT NULL,
  part         int NOT NULL,
  messages     bytea NOT NULL,
  PRIMARY KEY (municipality, batch, part)
);
ALTER TABLE correlator.outgoing ALTER COLUMN messages SET STORAGE EXTERNAL;

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['head', 'batch', 'event', 'decision', 'held', 'report', 'notice', 'count', 'source',
                           'quarantine', 'position', 'outgoing'] LOOP
    EXECUTE format('ALTER TABLE correlator.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE correlator.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY correlator_all ON correlator.%I TO samsyn_correlator USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT, INSERT ON correlator.%I TO samsyn_correlator', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['head', 'held', 'report', 'notice', 'count', 'source', 'quarantine', 'position', 'outgoing'] LOOP
    EXECUTE format('GRANT UPDATE, DELETE ON correlator.%I TO samsyn_correlator', t);
  END LOOP;
  -- An agency opens what is its own.
  FOREACH t IN ARRAY ARRAY['event', 'decision', 'report', 'notice', 'source', 'quarantine', 'position'] LOOP
    EXECUTE format('CREATE POLICY agency_own ON correlator.%I FOR SELECT TO samsyn_agency
      USING (municipality = (SELECT contract.app_municipality()) AND agency = (SELECT contract.app_agency()))', t);
    EXECUTE format('GRANT SELECT ON correlator.%I TO samsyn_agency', t);
  END LOOP;
  -- Numbers are the same for everyone inside the agreement; the web sees the viewer's municipality.
  FOREACH t IN ARRAY ARRAY['head', 'batch', 'report', 'notice', 'count', 'source'] LOOP
    EXECUTE format('CREATE POLICY alerting_read ON correlator.%I FOR SELECT TO samsyn_alerting USING (true)', t);
    EXECUTE format('GRANT SELECT ON correlator.%I TO samsyn_alerting', t);
    EXECUTE format('CREATE POLICY web_read ON correlator.%I FOR SELECT TO samsyn_web USING (municipality = (SELECT contract.viewer_municipality()))', t);
    EXECUTE format('GRANT SELECT ON correlator.%I TO samsyn_web', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['head', 'batch', 'count'] LOOP
    EXECUTE format('CREATE POLICY agency_numbers ON correlator.%I FOR SELECT TO samsyn_agency
      USING (municipality = (SELECT contract.app_municipality()))', t);
    EXECUTE format('GRANT SELECT ON correlator.%I TO samsyn_agency', t);
  END LOOP;
END
$$;

-- The planner knows nothing of a table that was just filled, and keeps the plans it made while the table
-- was empty. The correlator asks for this while it fills them; autovacuum comes a minute late.
CREATE FUNCTION correlator.refresh_statistics() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ BEGIN ANALYZE correlator.event, correlator.report, correlator.count, correlator.quarantine; END $$;
REVOKE ALL ON FUNCTION correlator.refresh_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION correlator.refresh_statistics() TO samsyn_correlator;

-- An incident is its lead report, without what only its agency may read. Own reports and text are opened through contract.report.
CREATE VIEW contract.incident WITH (security_invoker = true) AS
  SELECT municipality, episode, agency, report, revision, batch, category, grp, severity, certainty, occurred_from, occurred_to,
         reported_at, lon, lat, exactness, place_type, district, area, origin, day, hour, agencies, reports
    FROM correlator.report WHERE lead AND counted;
CREATE VIEW contract.report WITH (security_invoker = true) AS
  SELECT municipality, agency, report, revision, batch, state, counted, category, grp, severity, certainty, occurred_from, occurred_to,
         reported_at, stored_at, lon, lat, exactness, place_type, district, area, unit, origin, sharing, groups, share_after, test,
         day, hour, episode, lead FROM correlator.report;
CREATE VIEW contract.notice WITH (security_invoker = true) AS
  SELECT municipality, agency, kind, report, revision, batch, state, starts, ends, unit, areas, category, n, context, text FROM correlator.notice;
CREATE VIEW contract.count WITH (security_invoker = true) AS
  SELECT municipality, day, district, area, category, hour, incidents, reports FROM correlator.count;
CREATE VIEW contract.count_change WITH (security_invoker = true) AS
  SELECT b.municipality, b.batch, c.district, c.area, c.category, c.day, c.hour, c.incidents, c.reports
    FROM correlator.batch b,
         unnest(b.districts, b.areas, b.categories, b.days, b.hours, b.incidents, b.reports)
           AS c (district, area, category, day, hour, incidents, reports);
CREATE VIEW contract.head WITH (security_invoker = true) AS
  SELECT municipality, batch FROM correlator.head;
CREATE VIEW contract.batch WITH (security_invoker = true) AS
  SELECT municipality, batch, committed_at FROM correlator.batch;
CREATE VIEW contract.source_status WITH (security_invoker = true) AS
  SELECT municipality, agency, unit, events, first_at, last_at, nothing_to FROM correlator.source;
CREATE VIEW contract.quarantine WITH (security_invoker = true) AS
  SELECT q.municipality, q.agency, q.id, q.kind, q.report, q.revision, q.state, q.since, e.said_kind, e.said_report, e.said_revision,
         e.event_id, e.verb, e.reasons, e.notes, e.body
    FROM correlator.quarantine q
    JOIN correlator.event e USING (municipality, agency, kind, report, revision);
-- Which versions of its reports an agency has sent, and how far its stream is read: together they say whether a report is unknown.
CREATE VIEW contract.version WITH (security_invoker = true) AS
  SELECT municipality, agency, kind, report, revision, outcome FROM correlator.event WHERE kind NOT IN ('refused', 'conflict');
CREATE VIEW contract.position WITH (security_invoker = true) AS
  SELECT municipality, agency, seq, stored_at FROM correlator.position;
-- Every receipt an agency was ever due, in the order in which it was decided. Its id is derived (events.ReceiptID).
CREATE VIEW contract.receipt WITH (security_invoker = true) AS
  SELECT municipality, agency, batch, item, said_kind AS kind, said_report AS report, said_revision AS revision, event_id, stream_seq,
         content, outcome, notes, reasons, decided_at
    FROM correlator.event
  UNION ALL
  SELECT d.municipality, d.agency, d.batch, d.item, e.said_kind, e.said_report, e.said_revision, e.event_id, e.stream_seq, e.content,
         CASE d.verb WHEN 'released' THEN 'accepted' ELSE 'dropped' END, d.notes, e.reasons, d.decided_at
    FROM correlator.decision d JOIN correlator.event e USING (municipality, agency, kind, report, revision);
GRANT SELECT ON contract.incident, contract.report, contract.notice, contract.count, contract.count_change, contract.head, contract.batch,
  contract.source_status TO samsyn_correlator, samsyn_alerting, samsyn_web;
GRANT SELECT ON contract.report, contract.notice, contract.count, contract.head, contract.batch, contract.source_status, contract.quarantine, contract.receipt,
  contract.version, contract.position TO samsyn_agency;
GRANT SELECT ON contract.quarantine, contract.receipt TO samsyn_correlator;
