/** Preact with htm, in types of what the page uses. @module */

// @ts-types="./vendor/preact.d.ts"
export {
  html,
  render,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "./vendor/preact.js";
