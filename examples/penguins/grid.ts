import { distances, featureSets, type Model, scalings } from "./knn.ts";

/** The values of k that the demo tries. */
export const ks: readonly number[] = [1, 5, 9, 23, 31];

/** Every model with these values of k. */
export function* grid(ks: readonly number[]): Generator<Model> {
  for (const features of namesOf(featureSets)) {
    for (const scaling of namesOf(scalings)) {
      for (const distance of namesOf(distances)) {
        for (const k of ks) yield { k, distance, features, scaling };
      }
    }
  }
}

function namesOf<Name extends string>(table: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(table) as Name[];
}
