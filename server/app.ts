import { Hono } from "hono";
import type { Env, ServerDeps } from "./deps.ts";
import { actionsRoutes } from "./routes/actions_routes.ts";
import { ProblemError, problemOf, problemResponse } from "./routes/problem.ts";
import { openapi } from "./routes/openapi.ts";
import { queryRoutes } from "./routes/query_routes.ts";
import { runRoutes } from "./routes/run_routes.ts";
import { runsRoutes } from "./routes/runs_routes.ts";
import { SECURE } from "./routes/secure_headers.ts";
import { claimsRoutes } from "./routes/claims_routes.ts";
import { dashboardRoutes } from "./routes/dashboard_routes.ts";
import { eventRoutes } from "./routes/events.ts";
import { figuresRoutes } from "./routes/figures_routes.ts";
import { addRoutes, responseOf } from "./routes/route.ts";
import { storeRoutes } from "./routes/store_routes.ts";
import { viewRoutes } from "./routes/view_routes.ts";

/** The sidecar's HTTP interface. */
export function createApp(deps: ServerDeps): Hono<Env> {
  const app = new Hono<Env>();
  const claims = claimsRoutes(deps);
  const others = [
    ...storeRoutes(deps),
    ...actionsRoutes(deps),
    ...runsRoutes(deps),
    ...runRoutes(deps),
    ...queryRoutes(deps),
    ...figuresRoutes(deps),
    ...viewRoutes(deps),
    ...eventRoutes(deps),
  ];
  const routes = [...claims, ...others];
  addRoutes(app, claims);
  // Not for claims, whose answers have the headers that JSON needs.
  app.use(async (c, next) => {
    await next();
    // The answer to GET without its body, which nobody would read: what it holds open is closed.
    if (c.req.method === "HEAD") await c.res.body?.cancel();
    for (const [name, value] of Object.entries(SECURE)) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
    }
  });
  addRoutes(app, others);
  app.get("/v1/openapi.json", () => responseOf(openapi(routes)));
  app.route("/", dashboardRoutes(deps));
  app.notFound(({ req }) => {
    const methods = routes.filter(({ path }) => path === req.path)
      .map(({ method }) => method.toUpperCase());
    if (methods.length > 0 && !methods.includes(req.method)) {
      throw new ProblemError(405, `This path takes ${methods.join(" and ")} only`, {
        headers: { allow: methods.join(", ") },
      });
    }
    throw new ProblemError(404, "There is nothing at this path; /v1/openapi.json lists the paths");
  });
  app.onError((error) => problemResponse(problemOf(error, deps.warn)));
  return app;
}
