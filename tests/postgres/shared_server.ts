import { type PostgresServer, startServer } from "./server.ts";

let server: Promise<PostgresServer> | undefined;

/** Returns the server that the tests of a file share. It starts when it is first asked for, and ends with the process. */
export function sharedServer(): Promise<PostgresServer> {
  server ??= startServer();
  return server;
}
