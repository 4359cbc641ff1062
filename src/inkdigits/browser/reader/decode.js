// A file's picture, decoded by the browser: upright, with the colours as they are in the file.

const MAX_PIXELS = 89_000_000;

/**
 * Raises an `Error` that says what was expected for what is no picture, or has too many pixels.
 * @param {Blob} file
 * @returns {Promise<ImageData>}
 */
export async function decoded(file) {
  if (typeof createImageBitmap !== "function") {
    throw new TypeError("only browsers decode files: expected RGBA pixels as { width, height, data }");
  }
  const bitmap = await bitmapOf(file);
  const { width, height } = bitmap;
  if (width * height > MAX_PIXELS) throw new RangeError(`${width} x ${height} pixels, expected at most 89 megapixels: reduce it first`);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new RangeError(`${width} x ${height} pixels are more than this browser can hold: reduce the picture first`);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

/** @param {Blob} file */
async function bitmapOf(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image", colorSpaceConversion: "none" });
  } catch {
    throw new TypeError("this browser cannot decode the file: expected a picture, PNG, JPEG, WebP, GIF, BMP or AVIF");
  }
}
