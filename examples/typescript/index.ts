// A model file as an endpoint, from TypeScript. `pulumi install` builds the typed package @pulumi/ml-inference into
// sdks/ from the folder that Pulumi.yaml names; in a repository of your own, `pulumi package add $REPOSITORY/components`.
// Paths start at this folder. The build context is staged in .build beside this file; leave both out of version control.

import * as mlInference from "@pulumi/ml-inference";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

const wine = new mlInference.MLInferenceFunction("wine", {
    modelPath: config.require("modelPath"),
    architecture: "arm64",
    memoryMb: 512,
    alarms: { p99DurationMs: 250 },
    tags: { team: "cellar", stack: pulumi.getStack() },
});

export const endpoint = wine.endpoint;
export const clientPolicyJson = wine.clientPolicyJson;
export const modelVersion = wine.modelVersion;
