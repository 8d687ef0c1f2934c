import { type PythonVenv, pythonVenv } from "./python_venv.ts";

/** A Python that has the package `stet`, pandas and DuckDB, or why there is none. */
export function pythonStet(): PythonVenv {
  return pythonVenv("python-stet", "requirements.txt");
}
