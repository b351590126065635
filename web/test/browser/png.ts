// Small pictures for the documents: a screenshot with a palette of its 256 most frequent colours (PNG, third edition).

import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Differences below this are for no eye: they make more colours alike. */
const MASK = 0xf8;

interface Image {
  readonly width: number;
  readonly height: number;
  /** One number a pixel, 0xrrggbb */
  readonly pixels: Uint32Array;
}

/** The same picture with a palette. The screenshot has 8 bits a channel and no interlacing, as Chromium writes it. */
export function withPalette(screenshot: Buffer): Buffer {
  const image = decode(screenshot);
  const counts = new Map<number, number>();
  for (const pixel of image.pixels) counts.set(pixel & rgb(MASK), (counts.get(pixel & rgb(MASK)) ?? 0) + 1);
  const kept = [...counts].sort((one, other) => other[1] - one[1]).slice(0, 256);
  const palette = kept.map(([colour]) => exact(colour, image.pixels));
  const places = new Map(kept.map(([colour], index) => [colour, index]));
  for (const colour of counts.keys()) if (!places.has(colour)) places.set(colour, nearest(colour, palette));
  const rows = Buffer.alloc(image.height * (image.width + 1));
  image.pixels.forEach((pixel, index) => {
    const row = Math.floor(index / image.width);
    rows[row * (image.width + 1) + 1 + (index % image.width)] = places.get(pixel & rgb(MASK)) ?? 0;
  });
  const head = Buffer.alloc(13);
  head.writeUInt32BE(image.width, 0);
  head.writeUInt32BE(image.height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 0xff, colour & 0xff]));
  const parts = [chunk("IHDR", head), chunk("PLTE", colours), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([SIGNATURE, ...parts]);
}

function rgb(channel: number): number {
  return (channel << 16) | (channel << 8) | channel;
}

/** The colour that most pixels of this kind have: grounds and lines keep theirs. */
function exact(masked: number, pixels: Uint32Array): number {
  const counts = new Map<number, number>();
  for (const pixel of pixels) if ((pixel & rgb(MASK)) === masked) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1])[0]?.[0] ?? masked;
}

function nearest(colour: number, palette: readonly number[]): number {
  const distance = (other: number): number =>
    Math.abs((colour >> 16) - (other >> 16)) + Math.abs(((colour >> 8) & 0xff) - ((other >> 8) & 0xff)) + Math.abs((colour & 0xff) - (other & 0xff));
  return palette.reduce((best, other, index) => (distance(other) < distance(palette[best] ?? 0) ? index : best), 0);
}

function decode(file: Buffer): Image {
  const width = file.readUInt32BE(16);
  const height = file.readUInt32BE(20);
  const channels = file[25] === 6 ? 4 : 3;
  const parts: Buffer[] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    if (file.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  const bytes = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row += 1) {
    const filter = raw[row * (stride + 1)] ?? 0;
    for (let column = 0; column < stride; column += 1) {
      const left = column >= channels ? (bytes[row * stride + column - channels] ?? 0) : 0;
      const up = row > 0 ? (bytes[(row - 1) * stride + column] ?? 0) : 0;
      const corner = row > 0 && column >= channels ? (bytes[(row - 1) * stride + column - channels] ?? 0) : 0;
      const given = raw[row * (stride + 1) + 1 + column] ?? 0;
      bytes[row * stride + column] = given + predicted(filter, left, up, corner);
    }
  }
  const pixels = new Uint32Array(width * height);
  pixels.forEach((_, index) => {
    pixels[index] = bytes.readUIntBE(index * channels, 3);
  });
  return { width, height, pixels };
}

/** PNG, third edition, 9.2. */
function predicted(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4: {
      const guess = left + up - corner;
      const [ofLeft, ofUp, ofCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
      if (ofLeft <= ofUp && ofLeft <= ofCorner) return left;
      return ofUp <= ofCorner ? up : corner;
    }
    default:
      return 0;
  }
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}
