-- review: situation reports (lägesbilder), frozen and versioned.
--
-- Record, append-only: situation (the frozen picture as canonical JSON), situation_basis (the reports behind its numbers),
-- situation_words (what people added to it; the highest revision holds).

CREATE TABLE review.situation (
  municipality text NOT NULL,
  -- Monday of the ISO week.
  week         date NOT NULL CHECK (extract(isodow FROM week) = 1),
  version      int NOT NULL CHECK (version > 0),
  body         bytea NOT NULL,
  sha256       bytea NOT NULL CHECK (length(sha256) = 32),
  -- The municipality's clock, and the wall's.
  frozen_at    timestamptz NOT NULL,
  stored_at    timestamptz NOT NULL,
  -- A person; empty: at the deadline, by itself.
  frozen_by    text NOT NULL,
  -- The correlator's last batch that is in it.
  batch        bigint NOT NULL,
  PRIMARY KEY (municipality, week, version)
);

CREATE TABLE review.situation_basis (
  municipality text NOT NULL,
  week         date NOT NULL,
  version      int NOT NULL,
  agency       text NOT NULL,
  report       text NOT NULL,
  revision     int NOT NULL,
  PRIMARY KEY (municipality, week, version, agency, report),
  FOREIGN KEY (municipality, week, version) REFERENCES review.situation DEFERRABLE INITIALLY DEFERRED
);
-- In which pictures a report was: its reporter is told.
CREATE INDEX situation_basis_report ON review.situation_basis (municipality, agency, report);

CREATE TABLE review.situation_words (
  municipality text NOT NULL,
  week         date NOT NULL,
  version      int NOT NULL,
  revision     int NOT NULL CHECK (revision > 0),
  adopted      boolean NOT NULL,
  body         bytea NOT NULL,
  sha256       bytea NOT NULL CHECK (length(sha256) = 32),
  PRIMARY KEY (municipality, week, version, revision),
  FOREIGN KEY (municipality, week, version) REFERENCES review.situation DEFERRABLE INITIALLY DEFERRED
);
-- A version is adopted once and says nothing new after that.
CREATE UNIQUE INDEX situation_words_adopted ON review.situation_words (municipality, week, version) WHERE adopted;

-- Weeks whose deadline the program has kept: it froze what was there, also where somebody had frozen before.
CREATE TABLE review.situation_deadline (
  municipality text NOT NULL,
  week         date NOT NULL CHECK (extract(isodow FROM week) = 1),
  kept_at      timestamptz NOT NULL,
  PRIMARY KEY (municipality, week)
);

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['situation', 'situation_basis', 'situation_words', 'situation_deadline'] LOOP
    EXECUTE format('ALTER TABLE review.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE review.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY review_read ON review.%I FOR SELECT TO samsyn_review
      USING ((SELECT contract.viewer_municipality()) IS NULL OR municipality = (SELECT contract.viewer_municipality()))', t);
    -- The worker freezes at the deadline; of people a coordinator does.
    EXECUTE format('CREATE POLICY review_add ON review.%I FOR INSERT TO samsyn_review
      WITH CHECK ((SELECT contract.viewer_municipality()) IS NULL
        OR municipality = (SELECT contract.viewer_municipality())
           AND ''coordinator'' = ANY (string_to_array(current_setting(''samsyn.roles'', true), '','')))', t);
    EXECUTE format('GRANT SELECT, INSERT ON review.%I TO samsyn_review', t);
  END LOOP;
END
$$;
-- Foreign keys are checked as the owner.
CREATE POLICY foreign_keys ON review.situation FOR SELECT TO samsyn_owner USING (true);

-- Which weeks are frozen, and whether the review adopted them.
CREATE VIEW contract.situation WITH (security_invoker = true) AS
  SELECT s.municipality, s.week, s.version, s.sha256, s.frozen_at, s.frozen_by, s.batch,
         EXISTS (SELECT FROM review.situation_words w WHERE (w.municipality, w.week, w.version) = (s.municipality, s.week, s.version) AND w.adopted) AS adopted
    FROM review.situation s;
-- Which reports were in which version of which week.
CREATE VIEW contract.situation_basis WITH (security_invoker = true) AS
  SELECT municipality, week, version, agency, report, revision FROM review.situation_basis;
GRANT SELECT ON contract.situation, contract.situation_basis TO samsyn_review;
