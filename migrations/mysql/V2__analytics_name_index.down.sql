DROP INDEX ix_analytics_name ON analytics;
