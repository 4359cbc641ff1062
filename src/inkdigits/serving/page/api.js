// The server's API, with relative addresses, so that any path prefix works, and the token where one is needed.

const KEY = "inkdigits-token";

export class ApiError extends Error {
  constructor(status, detail, retryAfter, tried) {
    super(detail);
    this.tried = tried; // whether a token was sent
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export function setToken(token) {
  sessionStorage.setItem(KEY, token);
}

function headers(kind) {
  const token = sessionStorage.getItem(KEY);
  return { ...(kind && { "Content-Type": kind }), ...(token && { Authorization: `Bearer ${token}` }) };
}

async function call(path, options) {
  const response = await fetch(path, { cache: "no-store", ...options });
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  const detail = problem.detail || `The server answered with status ${response.status}.`;
  const tried = Boolean(options?.headers?.Authorization);
  throw new ApiError(response.status, detail, Number(response.headers.get("Retry-After")), tried);
}

// The readings of all pages, one for most pictures; a page that cannot be read has the outcome "error".
export async function readPicture(blob, signal) {
  const kind = blob.type.startsWith("image/") || blob.type === "application/pdf" ? blob.type : "application/octet-stream";
  return (await call("v1/read", { method: "POST", body: blob, headers: headers(kind), signal })).readings;
}

function postJson(path, value, signal) {
  return call(path, { method: "POST", body: JSON.stringify(value), headers: headers("application/json"), signal });
}

export function classify(image, models, explain, signal) {
  return postJson("v1/classify", { images: [image], models, explain }, signal);
}

export function keepCorrection(image, label) {
  return postJson("v1/corrections", { image, label });
}

export function listModels() {
  return call("v1/models", { headers: headers() });
}

export async function isReady() {
  try {
    return (await fetch("v2/health/ready", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
