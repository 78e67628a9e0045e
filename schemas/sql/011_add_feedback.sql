-- review: what every reporter hears back, and the mails of the review.

-- A mail that the review decided to write, kept in the transaction that decided it and sent by the worker. It is a transport copy:
-- its letter is emptied when it has arrived.
CREATE TABLE review.mail (
  municipality text NOT NULL,
  -- Becomes the Message-ID: a repeat carries the same one.
  id           uuid NOT NULL,
  -- What it is about, and which one of these: kind, key and recipient are one mail for ever.
  kind         text NOT NULL CHECK (kind ~ '^[a-z_]{1,32}$'),
  key          text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  -- A person of the municipality, whose address is looked up when the mail leaves; or an address.
  person       uuid,
  address      text NOT NULL DEFAULT '' CHECK (length(address) <= 320),
  language     text NOT NULL CHECK (language IN ('sv', 'en')),
  subject      text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
  -- {text, html, attachments: [{name, type, content}], headers: {}}; null when it has arrived.
  letter       jsonb,
  state        text NOT NULL CHECK (state IN ('due', 'sent', 'failed')),
  created_at   timestamptz NOT NULL,
  next_at      timestamptz NOT NULL,
  attempts     int NOT NULL DEFAULT 0,
  leased_until timestamptz,
  -- What the last attempt said, without addresses.
  error        text NOT NULL DEFAULT '',
  ended_at     timestamptz,
  PRIMARY KEY (municipality, id),
  CHECK ((person IS NULL) = (address <> '')),
  CHECK ((state = 'due') = (ended_at IS NULL)),
  CHECK (state <> 'failed' OR error <> ''),
  CHECK ((letter IS NULL) = (state = 'sent'))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX mail_once ON review.mail (municipality, kind, key, coalesce(person::text, lower(address)));
CREATE INDEX mail_due ON review.mail (next_at) WHERE state = 'due';
CREATE INDEX mail_created ON review.mail (created_at);

ALTER TABLE review.mail ENABLE ROW LEVEL SECURITY;
ALTER TABLE review.mail FORCE ROW LEVEL SECURITY;
-- A page writes a mail in its viewer's municipality; the worker alone reads and sends them.
CREATE POLICY review_write ON review.mail FOR INSERT TO samsyn_review
  WITH CHECK ((SELECT contract.viewer_municipality()) IS NULL OR municipality = (SELECT contract.viewer_municipality()));
CREATE POLICY review_send ON review.mail FOR SELECT TO samsyn_review USING ((SELECT contract.viewer_municipality()) IS NULL);
CREATE POLICY review_settle ON review.mail FOR UPDATE TO samsyn_review USING ((SELECT contract.viewer_municipality()) IS NULL);
GRANT SELECT, INSERT, UPDATE ON review.mail TO samsyn_review;
