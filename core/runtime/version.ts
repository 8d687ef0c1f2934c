/** Version of stet, which `deno task version` sets. */
export const VERSION = "0.1.0";
