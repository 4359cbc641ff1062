// Reads pictures with the package in Node: node read_in_node.mjs PACKAGE FOLDER prints one reading a line.
//
// FOLDER has pictures.json, a list of { file, width, height, options }, and the pictures as raw RGBA.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [, , folder, pictures] = process.argv;
const { Reader } = await import(pathToFileURL(resolve(folder, "index.js")));
const reader = await Reader.load();
for (const { file, width, height, options } of JSON.parse(readFileSync(join(pictures, "pictures.json")))) {
  const began = performance.now();
  const reading = await reader.read({ width, height, data: readFileSync(join(pictures, file)) }, options);
  console.log(JSON.stringify({ ...reading, milliseconds: performance.now() - began }));
}
