-- flask-migrate revision 05476c7997eb
-- Rows that exist get '', the type's implicit default.
ALTER TABLE house ADD COLUMN cert_arn VARCHAR(256) NOT NULL;
