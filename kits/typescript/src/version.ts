/** Version of the package: the workspace's, as a test compares. */
export const VERSION = "0.0.0";
