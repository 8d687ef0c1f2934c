import { Hono } from "hono";
import type { Env, ServerDeps } from "./deps.ts";
import type { Guard } from "./guard.ts";
import { ProblemError, problemOf, problemResponse } from "./problem.ts";
import { runsRoutes } from "./runs_routes.ts";
import { SECURE } from "./secure_headers.ts";
import { claimsRoutes } from "./claims_routes.ts";
import { dashboardRoutes } from "./dashboard_routes.ts";
import { eventRoutes } from "./events.ts";
import { figuresRoutes } from "./figures_routes.ts";
import { storeRoutes } from "./store_routes.ts";

/** The sidecar's HTTP interface. */
export function createApp(deps: ServerDeps, guard: Guard): Hono<Env> {
  const app = new Hono<Env>();
  app.use(async (c, next) => {
    guard({ method: c.req.method, path: c.req.path, header: (name) => c.req.header(name) });
    await next();
    for (const [name, value] of Object.entries(SECURE)) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
    }
  });
  app.route("/", claimsRoutes(deps));
  app.route("/", storeRoutes(deps));
  app.route("/", runsRoutes(deps));
  app.route("/", figuresRoutes(deps));
  app.route("/", dashboardRoutes(deps));
  app.route("/", eventRoutes(deps));
  app.notFound(() => {
    throw new ProblemError(
      404,
      "There is nothing at this path; /v1/openapi.json lists what there is",
    );
  });
  app.onError((error) => problemResponse(problemOf(error, deps.warn)));
  return app;
}
