// Directions of text where there is no markup to say them, such as on a canvas.

/** Keeps a number and its unit in order inside a right-to-left sentence. */
export const isolated = (text: string) => `\u2066${text}\u2069`;
