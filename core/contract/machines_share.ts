/** The ways in which several machines share runs, for warnings about files. */
export const MACHINES_SHARE =
  "several machines share a sidecar (stet serve), Postgres, or result notes that one store ingests";
