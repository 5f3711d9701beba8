// Directions of text where there is no markup to say them, such as on a canvas.

/** Keeps a number and its unit in order inside a right-to-left sentence. */
export const isolated = (text: string) => `\u2066${text}\u2069`;

/** Keeps words apart from the sentence around them, in their own direction. */
export const natural = (text: string) => `\u2068${text}\u2069`;
