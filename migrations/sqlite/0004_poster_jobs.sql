-- Posters are jobs of nobody's: they take no execution's turn, are counted apart, and go a day after they ended.

DROP INDEX jobs_turn;
CREATE INDEX jobs_turn ON jobs (execution_id, started_at) WHERE kind <> 'poster';
CREATE INDEX jobs_posters ON jobs (status, finished_at) WHERE kind = 'poster';
