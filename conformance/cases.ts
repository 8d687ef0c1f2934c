import type { Case } from "./case.ts";
import { claims } from "./claims.ts";
import { closing } from "./closing.ts";
import { columns } from "./columns.ts";
import { contract } from "./contract.ts";
import { following } from "./following.ts";
import { growth } from "./growth.ts";
import { keys } from "./keys.ts";
import { leases } from "./leases.ts";
import { many } from "./many.ts";
import { reopening } from "./reopening.ts";
import { sharing } from "./sharing.ts";
import { sources } from "./sources.ts";
import { values } from "./values.ts";

/** All claims about a backend, by subject. */
export const cases: readonly Case[] = [
  ...contract,
  ...keys,
  ...sources,
  ...values,
  ...columns,
  ...growth,
  ...many,
  ...closing,
  ...reopening,
  ...sharing,
  ...claims,
  ...leases,
  ...following,
];
