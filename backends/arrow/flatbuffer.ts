import { DamageError } from "../../packages/damage_error.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A table of a flatbuffer, which checks everything that is read of it against the buffer's size
 * (https://flatbuffers.dev/internals/). Reads throw where it is damaged.
 */
export class FlatTable {
  readonly #buffer: FlatBuffer;
  /** Its place in the buffer. */
  readonly at: number;
  readonly #slots: number;
  readonly #slotsEnd: number;

  constructor(buffer: FlatBuffer, at: number) {
    this.#buffer = buffer;
    this.at = at;
    buffer.countTable();
    this.#slots = at - buffer.view.getInt32(at, true);
    this.#slotsEnd = this.#slots + buffer.view.getUint16(this.#slots, true);
  }

  has(slot: number): boolean {
    return this.#placeOf(slot) !== undefined;
  }

  int8(slot: number): number {
    return this.#read(slot, 0, (view, place) => view.getInt8(place));
  }

  int16(slot: number): number {
    return this.#read(slot, 0, (view, place) => view.getInt16(place, true));
  }

  int32(slot: number): number {
    return this.#read(slot, 0, (view, place) => view.getInt32(place, true));
  }

  /** Returns an integer of 64 bits that is a count, a size or a place. */
  size(slot: number): number {
    return this.#read(slot, 0, (_, place) => this.#buffer.sizeAt(place));
  }

  int64(slot: number): bigint {
    return this.#read(slot, 0n, (view, place) => view.getBigInt64(place, true));
  }

  table(slot: number): FlatTable | undefined {
    return this.#read<FlatTable | undefined>(
      slot,
      undefined,
      (_, place) => this.#buffer.tableAt(place),
    );
  }

  tables(slot: number): FlatTable[] {
    return this.structs(slot, 4).map((place) => this.#buffer.tableAt(place));
  }

  text(slot: number): string | undefined {
    const place = this.#placeOf(slot);
    if (place === undefined) return undefined;
    const { start, length } = this.#buffer.vectorAt(place, 1);
    try {
      return utf8.decode(this.#buffer.bytes.subarray(start, start + length));
    } catch (cause) {
      throw new DamageError("a name in it is not UTF-8", { cause });
    }
  }

  /** Returns the places of the items of a vector. */
  structs(slot: number, width: number): number[] {
    const place = this.#placeOf(slot);
    if (place === undefined) return [];
    const { start, length } = this.#buffer.vectorAt(place, width);
    return Array.from({ length }, (_, i) => start + i * width);
  }

  #read<T>(slot: number, missing: T, read: (view: DataView, place: number) => T): T {
    const place = this.#placeOf(slot);
    return place === undefined ? missing : read(this.#buffer.view, place);
  }

  #placeOf(slot: number): number | undefined {
    const at = this.#slots + 4 + 2 * slot;
    if (at + 2 > this.#slotsEnd) return undefined;
    const offset = this.#buffer.view.getUint16(at, true);
    return offset === 0 ? undefined : this.at + offset;
  }
}

/** The bytes of a flatbuffer. */
export class FlatBuffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  #tables = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  root(): FlatTable {
    return this.tableAt(0);
  }

  /** Returns the table to which an offset leads. */
  tableAt(place: number): FlatTable {
    return new FlatTable(this, place + this.view.getUint32(place, true));
  }

  vectorAt(place: number, width: number): { readonly start: number; readonly length: number } {
    const at = place + this.view.getUint32(place, true);
    const length = this.view.getUint32(at, true);
    const start = at + 4;
    if (length * width > this.bytes.length - start) throw new DamageError("a list is cut off");
    return { start, length };
  }

  sizeAt(place: number): number {
    const size = Number(this.view.getBigInt64(place, true));
    if (Number.isSafeInteger(size) && size >= 0) return size;
    throw new DamageError("a count, size or place in it is none");
  }

  /** Tables do not share bytes: more of them than there is room for lead to one another. */
  countTable(): void {
    if (++this.#tables > this.bytes.length / 4) throw new DamageError("its tables are nested");
  }
}
