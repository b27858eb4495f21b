-- The role that web and jobs use: it reads and writes rows, owns nothing, and can't touch what keeps the audit trail.
-- Run by the owner of the tables, in the database `neap`, once the role is there (`CREATE ROLE neap_web LOGIN ...`)
-- and after each `migrate` that adds a table.
GRANT USAGE ON SCHEMA public TO neap_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO neap_web;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO neap_web;
REVOKE UPDATE, DELETE ON audit_event, audit_chain FROM neap_web;
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM neap_web;
