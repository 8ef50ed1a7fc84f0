ALTER TABLE house DROP COLUMN cert_arn;
