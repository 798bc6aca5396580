/** A network of the notes in the browser: its graph and its checkpoint are fetched, and a worker runs them. */

import { fromBetas } from "./schedule.js";

const RUNTIME = new URL("../../../vendor/onnxruntime-web/", import.meta.url).href;
/** What runs every network. */
export const WASM = `${RUNTIME}ort-wasm-simd-threaded.wasm`;

/**
 * @typedef {object} Network
 * @property {(x: Float32Array, t: number) => Promise<Float32Array>} eps epsilon_theta(x_t, t) of a batch
 * @property {import("./schedule.js").Schedule} schedule what it was trained with
 * @property {() => void} close whoever waits for an answer, or asks later, is told so
 */

/** Why the network cannot run here, or nothing. */
export function missing() {
  // The smallest module with an instruction on vectors, which the runtime is built from.
  const vectors = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
  ];
  if (typeof WebAssembly === "undefined") return "This browser has no WebAssembly, in which the network would run.";
  if (!WebAssembly.validate(Uint8Array.from(vectors)))
    return "This browser's WebAssembly has no SIMD, which the network needs.";
  return "";
}

/**
 * How many bytes these files are on their way; 0 where the server does not say.
 * @param {string[]} addresses
 */
export async function weight(addresses) {
  const heads = await Promise.all(addresses.map((address) => fetch(address, { method: "HEAD" })));
  return sum(heads.map(({ ok, headers }) => (ok ? Number(headers.get("content-length")) : 0)));
}

/**
 * 0 if one of them is.
 * @param {number[]} lengths
 */
function sum(lengths) {
  return lengths.every(Boolean) ? lengths.reduce((a, b) => a + b) : 0;
}

/**
 * @param {object} source
 * @param {string} source.graph address of the ONNX graph, which keeps its numbers in the checkpoint
 * @param {string} source.checkpoint address of the safetensors file
 * @param {string} source.name what the graph calls that file
 * @param {number[]} source.shape of one picture: channels, height, width
 * @param {(got: number, of: number) => void} progress bytes; `of` is 0 while it is not known
 * @returns {Promise<Network>}
 */
export async function loadNetwork({ graph, checkpoint, name, shape }, progress) {
  const [wasm, weights, model] = await downloaded([WASM, checkpoint, graph], progress);
  const schedule = fromBetas(scheduleOf(weights));
  const worker = new Worker(new URL("./network-worker.js", import.meta.url), { type: "module" });
  const { ask, close } = questions(worker);
  try {
    await ask({ wasm, weights, model, name, runtime: RUNTIME }, [wasm, weights, model]);
  } catch (error) {
    close();
    throw error;
  }
  return { schedule, eps: (x, t) => ask({ x, t, shape: [x.length / shape.reduce((a, b) => a * b), ...shape] }), close };
}

/**
 * Questions to a worker, each with its answer as a promise.
 * @param {Worker} worker
 */
function questions(worker) {
  /** @type {Set<(error: Error) => void>} */
  const waiting = new Set();
  let ended = "";
  worker.addEventListener("error", ({ message }) => end(message || "the worker did not start"));

  /** @param {string} why */
  function end(why) {
    ended = why;
    worker.terminate();
    for (const reject of waiting) reject(new Error(why));
  }

  /**
   * @param {object} question
   * @param {Transferable[]} [handed]
   * @returns {Promise<any>}
   */
  async function ask(question, handed = []) {
    if (ended) throw new Error(ended);
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ ...question, port: port2 }, [port2, ...handed]);
    const { answer, error } = await new Promise((resolve, reject) => {
      waiting.add(reject);
      port1.onmessage = ({ data }) => {
        waiting.delete(reject);
        resolve(data);
      };
    });
    port1.close();
    if (error) throw new Error(error);
    return answer;
  }

  return { ask, close: () => end("the network was closed") };
}

/**
 * @param {string[]} addresses
 * @param {(got: number, of: number) => void} progress
 * @returns {Promise<ArrayBuffer[]>}
 */
async function downloaded(addresses, progress) {
  const responses = await Promise.all(addresses.map((address) => fetch(address)));
  const wrong = responses.find((response) => !response.ok);
  if (wrong) throw new Error(`${wrong.url.split("/").pop()}: ${wrong.status}`);
  const lengths = responses.map(({ headers }) =>
    headers.has("content-encoding") ? 0 : Number(headers.get("content-length")),
  );
  const of = sum(lengths);
  let got = 0;
  return Promise.all(
    responses.map(async (response) => {
      const counting = new TransformStream({
        transform(chunk, controller) {
          progress((got += chunk.byteLength), of);
          controller.enqueue(chunk);
        },
      });
      return new Response(/** @type {ReadableStream} */ (response.body).pipeThrough(counting)).arrayBuffer();
    }),
  );
}

/**
 * beta_1..beta_T from a checkpoint: a safetensors file is the length of a header, the header in JSON, and numbers.
 * @param {ArrayBuffer} file
 */
export function scheduleOf(file) {
  const length = Number(new DataView(file).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, length)));
  const [start, end] = header["schedule.beta"].data_offsets;
  return new Float64Array(file.slice(8 + length + start, 8 + length + end)).subarray(1);
}
