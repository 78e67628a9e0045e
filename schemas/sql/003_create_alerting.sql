-- alerting: what was looked at and when, which places are flagged, who is told, and what could not be delivered.
--
-- Record:      frame (reference data as a tick knew it), tick (when the detector looked, what it knew, what it
--              decided, what it keeps in mind), flag_event (every revision of every flag). Append-only.
-- Projections: flag, flag_report (the latest revision), expected. Rebuilt from the ticks and the correlator's journal.
-- Edge:        head (how far the journal is folded, and by whom), outgoing (committed and not yet published),
--              notification (who is due what), message (what is sent, and how often it was tried).

CREATE SCHEMA alerting;
GRANT USAGE ON SCHEMA alerting TO samsyn_alerting, samsyn_web, samsyn_agency;

-- One alerter a municipality: the holder renews its lease in every tick, and a tick that does not find its
-- own number and lease here is not stored.
CREATE TABLE alerting.head (
  municipality text PRIMARY KEY,
  tick         bigint NOT NULL DEFAULT 0,
  -- The last batch whose changes were looked at.
  batch        bigint NOT NULL DEFAULT 0,
  -- The last local midnight that was evaluated: the first day it did not look at.
  midnight     date,
  holder       uuid,
  held_until   timestamptz,
  CHECK ((holder IS NULL) = (held_until IS NULL))
) WITH (fillfactor = 50);

-- The areas and the rights of agencies as ticks knew them, so that a tick can be repeated under other reference data.
CREATE TABLE alerting.frame (
  municipality text NOT NULL,
  frame        int NOT NULL,
  time_zone    text NOT NULL,
  history_from date NOT NULL,
  -- Parallel arrays, one element an area.
  codes        text[] NOT NULL,
  levels       text[] NOT NULL,
  parents      text[] NOT NULL,
  -- Agencies whose serious reports flag a place at once.
  serious      text[] NOT NULL,
  first_at     timestamptz NOT NULL,
  PRIMARY KEY (municipality, frame),
  CHECK (cardinality(codes) = cardinality(levels) AND cardinality(codes) = cardinality(parents))
);

CREATE TABLE alerting.tick (
  municipality text NOT NULL,
  tick         bigint NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('batch', 'midnight')),
  -- The municipality's clock, and the last day that the detector looked at.
  as_of        timestamptz NOT NULL,
  day          date NOT NULL,
  -- The last batch of the correlator that the tick knew.
  batch        bigint NOT NULL,
  frame        int NOT NULL,
  -- Version of the detector: a tick of another version is not repeated.
  detector     int NOT NULL,
  -- The serious reports that this tick was the first to see; null if none.
  causes       jsonb,
  -- What the tick decided, in order; null if nothing.
  transitions  jsonb,
  -- The detector's open and lately closed episodes after this tick; null if they are as before.
  episodes     jsonb,
  decided_at   timestamptz NOT NULL,
  PRIMARY KEY (municipality, tick),
  FOREIGN KEY (municipality, frame) REFERENCES alerting.frame
);
CREATE INDEX tick_decided ON alerting.tick (municipality, decided_at);
CREATE INDEX tick_episodes ON alerting.tick (municipality, tick) WHERE episodes IS NOT NULL;

CREATE TABLE alerting.flag (
  municipality text NOT NULL,
  -- UUID version 5 of the first cause: a rebuild finds the same flag, and a link in a mail stays true.
  id           uuid NOT NULL,
  revision     int NOT NULL CHECK (revision > 0),
  kind         text NOT NULL CHECK (kind IN ('serious', 'rise', 'cluster', 'repeat')),
  grade        text NOT NULL CHECK (grade IN ('alert', 'watch')),
  state        text NOT NULL CHECK (state IN ('open', 'cleared')),
  level        text NOT NULL CHECK (level IN ('municipality', 'district', 'area')),
  area         text NOT NULL,
  -- Since when it shows there, on the municipality's clock; null of a serious one.
  lead_since   timestamptz,
  -- The leading area and those of the parts.
  areas        text[] NOT NULL,
  -- The other places that the same thing shows or showed in: [{id, level, area, observed, expected, since, over}].
  parts        jsonb NOT NULL DEFAULT '[]',
  -- Detection group; empty: all groups together.
  grp          text NOT NULL,
  -- Of a serious report: its category. Else empty.
  category     text NOT NULL DEFAULT '',
  -- Local days, both included.
  window_from  date NOT NULL,
  window_to    date NOT NULL CHECK (window_to >= window_from),
  observed     int NOT NULL CHECK (observed >= 0),
  expected     double precision NOT NULL CHECK (expected >= 0),
  -- The 5-95 % predictive interval.
  low          int NOT NULL,
  high         int NOT NULL CHECK (high >= low),
  -- Mean days between chance flags at least this strong on this level; null where no such rate is claimed.
  recurrence_days double precision,
  ln_r         double precision NOT NULL,
  -- ln R - ln(A C): above 0 the limit is passed.
  margin       double precision NOT NULL,
  -- Not seen before, or going on since the revision before.
  fresh        boolean NOT NULL,
  -- Who sees it: agencies with an incident in the window.
  agencies     text[] NOT NULL,
  reason_sv    text NOT NULL,
  reason_en    text NOT NULL,
  tick         bigint NOT NULL,
  -- Wall clock, and the municipality's.
  opened_at    timestamptz NOT NULL,
  opened_as_of timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL,
  updated_as_of timestamptz NOT NULL,
  cleared_at   timestamptz,
  cleared_as_of timestamptz,
  -- The flag that it became part of: from then on that one is the place, and this one is where old links lead.
  merged_into  uuid,
  PRIMARY KEY (municipality, id),
  CHECK ((state = 'cleared') = (cleared_at IS NOT NULL) AND (state = 'cleared') = (cleared_as_of IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX flag_open ON alerting.flag (municipality, grade) WHERE state = 'open';
CREATE INDEX flag_updated ON alerting.flag (municipality, updated_as_of DESC);

-- The reports behind a flag. Everyone inside the agreement reads the number; an agency reads its own identities.
CREATE TABLE alerting.flag_report (
  municipality text NOT NULL,
  flag         uuid NOT NULL,
  agency       text NOT NULL,
  report       text NOT NULL,
  PRIMARY KEY (municipality, flag, agency, report),
  FOREIGN KEY (municipality, flag) REFERENCES alerting.flag (municipality, id) ON DELETE CASCADE
);

CREATE TABLE alerting.flag_event (
  municipality text NOT NULL,
  flag         uuid NOT NULL,
  revision     int NOT NULL,
  tick         bigint NOT NULL,
  verb         text NOT NULL CHECK (verb IN ('flagged', 'updated', 'cleared')),
  -- The whole flag as this revision said it.
  body         jsonb NOT NULL,
  decided_at   timestamptz NOT NULL,
  PRIMARY KEY (municipality, flag, revision)
);
CREATE INDEX flag_event_tick ON alerting.flag_event (municipality, tick);

-- What is usual in a week, by what is known of the time before it; what the week brings does not change it.
-- Incidents of some days of it are negative binomial: shape, and probability rate / (rate + exposure of the days).
CREATE TABLE alerting.expected (
  municipality text NOT NULL,
  week         date NOT NULL CHECK (extract(isodow FROM week) = 1),
  level        text NOT NULL CHECK (level IN ('municipality', 'district', 'area')),
  area         text NOT NULL,
  grp          text NOT NULL,
  shape        double precision NOT NULL,
  rate         double precision NOT NULL,
  -- Monday to Sunday.
  exposure     double precision[] NOT NULL CHECK (cardinality(exposure) = 7),
  expected     double precision NOT NULL,
  low          int NOT NULL,
  high         int NOT NULL,
  PRIMARY KEY (municipality, area, grp, week)
);
CREATE INDEX expected_week ON alerting.expected (municipality, week);

-- Committed and not yet published: the messages of one tick, packed.
CREATE TABLE alerting.outgoing (
  municipality text NOT NULL,
  tick         bigint NOT NULL,
  messages     bytea NOT NULL,
  PRIMARY KEY (municipality, tick)
);

-- What a municipality decided about what it sends.
CREATE TABLE alerting.setting (
  municipality text PRIMARY KEY,
  -- Names of places in mail; without this a mail holds counts and links.
  place_names  boolean NOT NULL DEFAULT false,
  digest_at    time NOT NULL DEFAULT '07:00'
);

CREATE TABLE alerting.subscription (
  municipality text NOT NULL,
  id           uuid NOT NULL,
  channel      text NOT NULL CHECK (channel IN ('mail', 'webhook', 'nats')),
  -- An address, a URL, or the agency itself.
  recipient    text NOT NULL CHECK (length(recipient) BETWEEN 2 AND 320),
  agency       text NOT NULL DEFAULT '',
  role         text NOT NULL DEFAULT '' CHECK (role IN ('', 'agency_lead', 'coordinator', 'member')),
  -- An area of any level; the municipality's code is everything.
  area         text NOT NULL,
  -- Empty: all.
  groups       text[] NOT NULL DEFAULT '{}',
  kinds        text[] NOT NULL DEFAULT '{}' CHECK (kinds <@ ARRAY['serious', 'rise', 'cluster', 'repeat']),
  -- A webhook is signed with this version of its secret and the one before.
  secret       int NOT NULL DEFAULT 1 CHECK (secret > 0),
  created_at   timestamptz NOT NULL,
  ended_at     timestamptz,
  PRIMARY KEY (municipality, id),
  CHECK (channel = 'mail' OR agency <> ''),
  CHECK (channel <> 'nats' OR recipient = agency),
  CHECK (channel <> 'mail' OR role <> '')
);
CREATE UNIQUE INDEX subscription_once ON alerting.subscription (municipality, channel, recipient, area) WHERE ended_at IS NULL;

-- What is sent: one or several revisions in one message. The id is decided before the first attempt and goes
-- with every attempt, so that a receiver can tell a repeat.
CREATE TABLE alerting.message (
  municipality text NOT NULL,
  id           uuid NOT NULL,
  channel      text NOT NULL CHECK (channel IN ('mail', 'webhook', 'nats')),
  recipient    text NOT NULL,
  subscription uuid,
  kind         text NOT NULL CHECK (kind IN ('now', 'digest', 'rest')),
  state        text NOT NULL CHECK (state IN ('due', 'sent', 'failed')),
  created_at   timestamptz NOT NULL,
  next_at      timestamptz NOT NULL,
  attempts     int NOT NULL DEFAULT 0,
  leased_until timestamptz,
  -- What the last attempt said, without addresses and without text of reports.
  error        text NOT NULL DEFAULT '',
  ended_at     timestamptz,
  PRIMARY KEY (municipality, id),
  CHECK ((state = 'due') = (ended_at IS NULL)),
  CHECK (state <> 'failed' OR error <> '')
) WITH (fillfactor = 80);
CREATE INDEX message_due ON alerting.message (next_at) WHERE state = 'due';
CREATE INDEX message_sent ON alerting.message (municipality, channel, recipient, ended_at) WHERE state = 'sent';
CREATE INDEX message_failed ON alerting.message (municipality, ended_at) WHERE state = 'failed';

-- The log of who is due what: one row a revision, channel and recipient, for ever one.
CREATE TABLE alerting.notification (
  municipality text NOT NULL,
  flag         uuid NOT NULL,
  revision     int NOT NULL,
  channel      text NOT NULL CHECK (channel IN ('mail', 'webhook', 'nats')),
  recipient    text NOT NULL,
  subscription uuid,
  digest       boolean NOT NULL,
  created_at   timestamptz NOT NULL,
  due_at       timestamptz NOT NULL,
  -- The message that carries it, or carries a later revision of the same flag.
  message      uuid,
  PRIMARY KEY (municipality, flag, revision, channel, recipient),
  FOREIGN KEY (municipality, flag, revision) REFERENCES alerting.flag_event (municipality, flag, revision) DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY (municipality, message) REFERENCES alerting.message (municipality, id)
) WITH (fillfactor = 80);
CREATE INDEX notification_due ON alerting.notification (municipality, due_at) WHERE message IS NULL;
CREATE INDEX notification_message ON alerting.notification (municipality, message) WHERE message IS NOT NULL;

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['head', 'frame', 'tick', 'flag', 'flag_report', 'flag_event', 'expected', 'outgoing', 'setting',
                           'subscription', 'message', 'notification'] LOOP
    EXECUTE format('ALTER TABLE alerting.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE alerting.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY alerting_all ON alerting.%I TO samsyn_alerting USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT, INSERT ON alerting.%I TO samsyn_alerting', t);
  END LOOP;
  -- Ticks, frames and revisions are a record: they are added to and not changed.
  FOREACH t IN ARRAY ARRAY['head', 'flag', 'flag_report', 'expected', 'outgoing', 'setting', 'subscription', 'message', 'notification'] LOOP
    EXECUTE format('GRANT UPDATE, DELETE ON alerting.%I TO samsyn_alerting', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['tick', 'flag', 'flag_report', 'flag_event', 'expected', 'setting', 'subscription', 'message', 'notification'] LOOP
    EXECUTE format('CREATE POLICY web_read ON alerting.%I FOR SELECT TO samsyn_web USING (municipality = (SELECT contract.viewer_municipality()))', t);
    EXECUTE format('GRANT SELECT ON alerting.%I TO samsyn_web', t);
  END LOOP;
  -- Numbers are the same for everyone inside the agreement; who is told of them is nobody else's.
  FOREACH t IN ARRAY ARRAY['flag', 'expected'] LOOP
    EXECUTE format('CREATE POLICY agency_numbers ON alerting.%I FOR SELECT TO samsyn_agency
      USING (municipality = (SELECT contract.app_municipality()))', t);
    EXECUTE format('GRANT SELECT ON alerting.%I TO samsyn_agency', t);
  END LOOP;
END
$$;
CREATE POLICY agency_own ON alerting.flag_report FOR SELECT TO samsyn_agency
  USING (municipality = (SELECT contract.app_municipality()) AND agency = (SELECT contract.app_agency()));
GRANT SELECT ON alerting.flag_report TO samsyn_agency;
-- Foreign keys are checked, and cascades done, as the owner.
CREATE POLICY foreign_keys ON alerting.frame FOR SELECT TO samsyn_owner USING (true);
CREATE POLICY foreign_keys ON alerting.flag FOR SELECT TO samsyn_owner USING (true);
CREATE POLICY foreign_keys ON alerting.flag_event FOR SELECT TO samsyn_owner USING (true);
CREATE POLICY foreign_keys ON alerting.message FOR SELECT TO samsyn_owner USING (true);
CREATE POLICY foreign_keys ON alerting.flag_report TO samsyn_owner USING (true) WITH CHECK (true);

CREATE VIEW contract.flag WITH (security_invoker = true) AS
  SELECT municipality, id, revision, kind, grade, state, level, area, lead_since, areas, parts, grp, category, window_from, window_to, observed,
         expected, low, high, recurrence_days, ln_r, margin, fresh, agencies, reason_sv, reason_en, tick, opened_at, opened_as_of,
         updated_at, updated_as_of, cleared_at, cleared_as_of, merged_into FROM alerting.flag;
CREATE VIEW contract.flag_report WITH (security_invoker = true) AS
  SELECT municipality, flag, agency, report FROM alerting.flag_report;
CREATE VIEW contract.expected WITH (security_invoker = true) AS
  SELECT municipality, week, level, area, grp, shape, rate, exposure, expected, low, high FROM alerting.expected;
-- One row a revision, channel and recipient. state: waiting (not yet time), due, sent, failed.
CREATE VIEW contract.notification WITH (security_invoker = true) AS
  SELECT n.municipality, n.flag, n.revision, n.channel, n.recipient, n.digest, n.created_at, n.due_at, n.message,
         coalesce(m.state, 'waiting') AS state, coalesce(m.attempts, 0) AS attempts, coalesce(m.error, '') AS error, m.next_at, m.ended_at
    FROM alerting.notification n
    LEFT JOIN alerting.message m ON (m.municipality, m.id) = (n.municipality, n.message);
GRANT SELECT ON contract.flag, contract.flag_report, contract.expected TO samsyn_alerting, samsyn_web, samsyn_agency;
GRANT SELECT ON contract.notification TO samsyn_alerting, samsyn_web;

-- The reports of incidents that several reports tell of: its condition is that of the index by which they are found.
CREATE VIEW contract.linked WITH (security_invoker = true) AS
  SELECT municipality, episode, agency, report, unit, lead, counted FROM correlator.report WHERE reports > 1;
GRANT SELECT ON contract.linked TO samsyn_alerting, samsyn_web, samsyn_review;
