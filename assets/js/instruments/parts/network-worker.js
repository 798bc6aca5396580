/** Runs a network beside the page, so that the page stays quick: the first message brings it, the others ask it. */

/** @type {typeof import("onnxruntime-web")} */
let ort;
/** @type {import("onnxruntime-web").InferenceSession} */
let session;

addEventListener("message", async ({ data }) => {
  try {
    data.port.postMessage({ answer: "wasm" in data ? await start(data) : await eps(data) });
  } catch (error) {
    data.port.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
});

/** @param {{wasm: ArrayBuffer, weights: ArrayBuffer, model: ArrayBuffer, name: string, runtime: string}} parts */
async function start({ wasm, weights, model, name, runtime }) {
  ort = await import(`${runtime}ort.wasm.bundle.min.mjs`);
  ort.env.wasm.numThreads = 1; // more need headers that a plain web server does not send
  ort.env.wasm.wasmBinary = wasm;
  session = await ort.InferenceSession.create(new Uint8Array(model), {
    executionProviders: ["wasm"],
    externalData: [{ path: name, data: new Uint8Array(weights) }],
  });
}

/** @param {{x: Float32Array, t: number, shape: number[]}} question */
async function eps({ x, t, shape }) {
  const times = new BigInt64Array(shape[0]).fill(BigInt(t));
  const inputs = { x: new ort.Tensor("float32", x, shape), t: new ort.Tensor("int64", times, [shape[0]]) };
  const { eps } = await session.run(inputs);
  return eps.data;
}
