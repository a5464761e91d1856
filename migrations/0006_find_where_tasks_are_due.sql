-- Claims pass over a tenant's kind of which nothing is due, whatever priorities wait there. Only adds: the release before does not use it.
CREATE INDEX task_due ON task (tenant, kind, run_at) WHERE state = 'queued';
