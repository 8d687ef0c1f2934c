import { DamageError } from "./damage_error.ts";

/** A value of Thrift's compact protocol. */
export type Thrift = number | boolean | Uint8Array | readonly Thrift[] | ThriftStruct;

/** The fields of a struct by their numbers. */
export type ThriftStruct = ReadonlyMap<number, Thrift>;

/** Structs and lists are not nested deeper than this in any format that is read here. */
const MAX_DEPTH = 32;

/**
 * Returns the struct at the beginning of some bytes, and how many bytes it takes
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). Integers from 2^53
 * up are rounded.
 *
 * @throws {DamageError} If it does not end within the bytes, or is not of the protocol.
 */
export function readThrift(
  bytes: Uint8Array,
): { readonly struct: ThriftStruct; readonly length: number } {
  const reader = new ThriftReader(bytes);
  return { struct: reader.struct(0), length: reader.at };
}

class ThriftReader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  struct(depth: number): ThriftStruct {
    if (depth > MAX_DEPTH) throw new DamageError("a struct is nested too deeply");
    const fields = new Map<number, Thrift>();
    for (let id = 0;;) {
      const head = this.#byte();
      if (head === 0) return fields;
      const step = head >> 4;
      id = step === 0 ? this.#integer() : id + step;
      const type = head & 15;
      fields.set(id, type <= 2 ? type === 1 : this.#value(type, depth));
    }
  }

  #value(type: number, depth: number): Thrift {
    switch (type) {
      case 1: // a boolean in a list
      case 2:
        return this.#byte() === 1;
      case 3:
        return this.#view.getInt8(this.#skip(1));
      case 4:
      case 5:
      case 6:
        return this.#integer();
      case 7:
        return this.#view.getFloat64(this.#skip(8), true);
      case 8:
        return this.#binary(this.#varint());
      case 9:
      case 10:
        return this.#list(depth + 1);
      case 12:
        return this.struct(depth + 1);
      case 13:
        return this.#binary(16);
    }
    throw new DamageError(`a field has type ${type}`); // maps too: no struct that is read has one
  }

  #list(depth: number): Thrift[] {
    if (depth > MAX_DEPTH) throw new DamageError("a list is nested too deeply");
    const head = this.#byte();
    const length = head >> 4 === 15 ? this.#varint() : head >> 4;
    if (length > this.#bytes.length - this.at) {
      throw new DamageError("a list ends behind the bytes");
    }
    return Array.from({ length }, () => this.#value(head & 15, depth));
  }

  #binary(length: number): Uint8Array {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, this.at);
  }

  #integer(): number {
    const zigzag = this.#varint();
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      if (factor > 2 ** 56) throw new DamageError("an integer has more than 64 bits");
    }
  }

  #byte(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  /** Moves on; returns where it was. */
  #skip(length: number): number {
    const start = this.at;
    if (length > this.#bytes.length - start) throw new DamageError("a value ends behind the bytes");
    this.at += length;
    return start;
  }
}
