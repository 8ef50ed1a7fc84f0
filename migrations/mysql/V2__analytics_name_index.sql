-- flask-migrate revision d45ddbe7f0b9
CREATE INDEX ix_analytics_name ON analytics (name);
