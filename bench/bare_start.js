/** Does nothing: the least that a program over files and SQLite takes to start and end. */
import "node:fs";
import "node:sqlite";
