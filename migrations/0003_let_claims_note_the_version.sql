-- A claim notes which version of the kind really runs: in a fleet of mixed versions that need not be the one that was announced last.
GRANT UPDATE (kind_version) ON task TO sundog_processor;
