/** Facts of a report besides its figures. */
export interface ReportFacts {
  readonly title: string;
  /** The command that made the report. */
  readonly command: string;
  /** The time at which it was made, as people read it. */
  readonly time: string;
  /** The commit of the store's folder or of the working directory; absent if unknown. */
  readonly git?: string | undefined;
  /** The version of stet. */
  readonly version: string;
  /** The most rows of a table of data. */
  readonly rows: number;
}
