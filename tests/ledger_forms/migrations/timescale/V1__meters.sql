-- Zähler und ihre Räume: text of several bytes a character must come through.
CREATE TABLE meter (
  id int PRIMARY KEY,
  name varchar(64) NOT NULL
);
INSERT INTO meter VALUES (1, 'Küche'), (2, 'Büro € 𝄞');
