import $protobuf from "protobufjs/minimal.js";

// protobufjs speaks Long for 64-bit fields. These two classes speak bigint, and only to this module: other users of protobufjs in the
// same process (gRPC, for one) keep the original classes.
const $scratch = new DataView(new ArrayBuffer(8));

function $fromHalves(low, high, signed) {
  if (high === 0) return BigInt(low);
  $scratch.setUint32(0, low, true);
  $scratch.setUint32(4, high, true);
  return signed ? $scratch.getBigInt64(0, true) : $scratch.getBigUint64(0, true);
}

// Storing wraps silently, so what comes back is compared: a value that does not fit is our own mistake and must not reach the wire.
function $toScratch(value, signed) {
  if (typeof value !== "bigint") throw TypeError("a 64-bit field takes a bigint, not " + typeof value);
  if (signed) $scratch.setBigInt64(0, value, true);
  else $scratch.setBigUint64(0, value, true);
  if ((signed ? $scratch.getBigInt64(0, true) : $scratch.getBigUint64(0, true)) !== value)
    throw RangeError("does not fit 64 bits: " + value);
}

class $Reader extends $protobuf.Reader {
  static create(buffer) {
    if (!(buffer instanceof Uint8Array)) throw TypeError("decode takes a Uint8Array");
    return new $Reader(buffer);
  }

  // Leaves the halves in two fields, because a pair returned would be an object per field.
  $varint() {
    const buf = this.buf;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.pos >= this.len) throw RangeError("index out of range: " + this.pos + " + 1 > " + this.len);
      const byte = buf[this.pos++];
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 128) {
        this.$low = low >>> 0;
        this.$high = high >>> 0;
        return;
      }
    }
    throw Error("invalid varint encoding");
  }

  uint64() {
    this.$varint();
    return $fromHalves(this.$low, this.$high, false);
  }

  int64() {
    this.$varint();
    return $fromHalves(this.$low, this.$high, true);
  }

  sint64() {
    this.$varint();
    const sign = -(this.$low & 1);
    const low = (((this.$low >>> 1) | (this.$high << 31)) ^ sign) >>> 0;
    return $fromHalves(low, ((this.$high >>> 1) ^ sign) >>> 0, true);
  }

  fixed64() {
    const low = this.fixed32();
    return $fromHalves(low, this.fixed32(), false);
  }

  sfixed64() {
    const low = this.fixed32();
    return $fromHalves(low, this.fixed32(), true);
  }

  $packed(array, read) {
    const end = this.size() + this.pos;
    const len = this.len;
    if (end > len) throw RangeError("index out of range: " + this.pos + " + " + (end - this.pos) + " > " + len);
    this.len = end;
    while (this.pos < end) array.push(read.call(this));
    this.len = len;
    return array;
  }

  uint64s(array = []) {
    return this.$packed(array, this.uint64);
  }
  int64s(array = []) {
    return this.$packed(array, this.int64);
  }
  sint64s(array = []) {
    return this.$packed(array, this.sint64);
  }
  fixed64s(array = []) {
    return this.$packed(array, this.fixed64);
  }
  sfixed64s(array = []) {
    return this.$packed(array, this.sfixed64);
  }
}

class $Writer extends $protobuf.Writer {
  static create() {
    return new $Writer();
  }

  $varint(low, high) {
    this._reserve(10);
    const buf = this.buf;
    let pos = this.pos;
    while (high > 0) {
      buf[pos++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    while (low > 127) {
      buf[pos++] = (low & 127) | 128;
      low >>>= 7;
    }
    buf[pos++] = low;
    this.pos = pos;
    return this;
  }

  uint64(value) {
    $toScratch(value, false);
    return this.$varint($scratch.getUint32(0, true), $scratch.getUint32(4, true));
  }

  int64(value) {
    $toScratch(value, true);
    return this.$varint($scratch.getUint32(0, true), $scratch.getUint32(4, true));
  }

  sint64(value) {
    $toScratch(value, true);
    const low = $scratch.getInt32(0, true);
    const high = $scratch.getInt32(4, true);
    const sign = high >> 31;
    return this.$varint(((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
  }

  fixed64(value) {
    $toScratch(value, false);
    return this.fixed32($scratch.getUint32(0, true)).fixed32($scratch.getUint32(4, true));
  }

  sfixed64(value) {
    $toScratch(value, true);
    return this.fixed32($scratch.getUint32(0, true)).fixed32($scratch.getUint32(4, true));
  }

  $packed(values, write) {
    this.fork();
    for (const value of values) write.call(this, value);
    return this.ldelim();
  }

  uint64s(values) {
    return this.$packed(values, this.uint64);
  }
  int64s(values) {
    return this.$packed(values, this.int64);
  }
  sint64s(values) {
    return this.$packed(values, this.sint64);
  }
  fixed64s(values) {
    return this.$packed(values, this.fixed64);
  }
  sfixed64s(values) {
    return this.$packed(values, this.sfixed64);
  }
}
