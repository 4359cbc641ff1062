// Where pictures are read: on the server, or on this device.

import * as server from "./api.js";

// What this page can do, the default first.
export const OFFERED = document.querySelector('meta[name="inkdigits-reader"]').content.split(" ");

// The functions of api.js or device.js, and which: `name`.
export async function useReader(name) {
  const reader = name === "device" ? await import("./device.js") : server;
  const { readPicture, classify, keepCorrection, listModels } = reader;
  return { name, readPicture, classify, keepCorrection, listModels };
}
