-- flask-migrate revision ce1e631883a8
-- The foreign key's own index disappears with this: another one covers it.
CREATE INDEX ix_device_house_id ON device (house_id);
