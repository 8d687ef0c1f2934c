import type { CellSink } from "../values/cell_sink.ts";

/**
 * A 96-bit fingerprint of a text, fed piece by piece: three lanes of multiply, xor and rotate over its UTF-16
 * code units. 10⁹ keys collide with a probability of about 10⁻¹¹, unless they are made to.
 */
export class Fingerprint implements CellSink {
  /** The first lane: 32 bits, once `end` was called. Signed: V8 boxes integers that are larger. */
  a = 0;
  /** The second lane. */
  b = 0;
  /** The third lane. */
  c = 0;

  /** Begins a new text. */
  begin(): this {
    this.a = 0x9e3779b9 | 0;
    this.b = 0x243f6a88;
    this.c = 0xb7e15162 | 0;
    return this;
  }

  /** Feeds a text. */
  text(text: string): this {
    let { a, b, c } = this;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      a = Math.imul(a ^ unit, 0x85ebca6b);
      b = Math.imul(b ^ unit, 0xc2b2ae35);
      c = Math.imul(c ^ unit, 0x27d4eb2f);
      a = a << 13 | a >>> 19;
      b = b << 17 | b >>> 15;
      c = c << 7 | c >>> 25;
    }
    this.a = a;
    this.b = b;
    this.c = c;
    return this;
  }

  /** Feeds a text from a place up to a code unit and with it, and returns the place after that. */
  until(text: string, start: number, last: number): number {
    let { a, b, c } = this;
    let at = start;
    while (at < text.length) {
      const unit = text.charCodeAt(at++);
      a = Math.imul(a ^ unit, 0x85ebca6b);
      b = Math.imul(b ^ unit, 0xc2b2ae35);
      c = Math.imul(c ^ unit, 0x27d4eb2f);
      a = a << 13 | a >>> 19;
      b = b << 17 | b >>> 15;
      c = c << 7 | c >>> 25;
      if (unit === last) break;
    }
    this.a = a;
    this.b = b;
    this.c = c;
    return at;
  }

  /** Feeds ASCII bytes: the same as feeding the text that they spell. */
  ascii(bytes: Uint8Array, start: number, end: number): this {
    let { a, b, c } = this;
    for (let i = start; i < end; i++) {
      const unit = bytes[i]!;
      a = Math.imul(a ^ unit, 0x85ebca6b);
      b = Math.imul(b ^ unit, 0xc2b2ae35);
      c = Math.imul(c ^ unit, 0x27d4eb2f);
      a = a << 13 | a >>> 19;
      b = b << 17 | b >>> 15;
      c = c << 7 | c >>> 25;
    }
    this.a = a;
    this.b = b;
    this.c = c;
    return this;
  }

  /** Ends the text. The lanes are mixed (murmur3's finaliser), so that every bit of them counts. */
  end(): this {
    this.a = mix(this.a);
    this.b = mix(this.b);
    this.c = mix(this.c);
    return this;
  }
}

function mix(lane: number): number {
  let h = lane ^ lane >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ h >>> 16;
}
