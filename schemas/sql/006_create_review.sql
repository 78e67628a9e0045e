-- review: the weekly joint review. This migration gives it its schema and what it may read of the others.

CREATE SCHEMA review;
GRANT USAGE ON SCHEMA review TO samsyn_review, samsyn_web, samsyn_agency, samsyn_access;
GRANT USAGE ON SCHEMA contract, registry, correlator, alerting TO samsyn_review;

-- A worker has no viewer and reads all municipalities; a page has one, and reads its viewer's.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['registry.municipality', 'registry.area', 'registry.agency', 'registry.unit',
                           'correlator.head', 'correlator.batch', 'correlator.report', 'correlator.notice', 'correlator.count', 'correlator.source',
                           'alerting.tick', 'alerting.flag', 'alerting.flag_report', 'alerting.flag_event', 'alerting.expected'] LOOP
    EXECUTE format('CREATE POLICY review_read ON %s FOR SELECT TO samsyn_review
      USING ((SELECT contract.viewer_municipality()) IS NULL OR municipality = (SELECT contract.viewer_municipality()))', t);
    EXECUTE format('GRANT SELECT ON %s TO samsyn_review', t);
  END LOOP;
END
$$;
GRANT SELECT ON contract.municipality, contract.area, contract.agency, contract.unit,
  contract.incident, contract.report, contract.notice, contract.count, contract.count_change, contract.head, contract.batch, contract.source_status,
  contract.flag, contract.flag_report, contract.expected TO samsyn_review;
