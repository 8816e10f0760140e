// Runs one step of a stack's life on the program beside this file, through the Automation API of Node.js: the SDK itself
// is the language runtime. Run in the project's folder; prints what the engine prints.
//
//     node inline.js <folder of the engine> <stack> preview|up|again|destroy

import * as automation from "@pulumi/pulumi/automation";

async function main(root: string, stackName: string, step: string): Promise<void> {
    const pulumiCommand = await automation.PulumiCommand.get({ root, skipVersionCheck: true });
    const program = async () => import("./index");
    const workspace = await automation.LocalWorkspace.create({ workDir: ".", program, pulumiCommand });
    const stack = await automation.Stack.select(stackName, workspace);
    const options = { color: "never", onOutput: (text: string) => process.stdout.write(text) } as const;
    const steps: Record<string, () => Promise<unknown>> = {
        preview: () => stack.preview(options),
        up: () => stack.up(options),
        again: () => stack.up({ ...options, expectNoChanges: true }),
        destroy: () => stack.destroy(options),
    };
    await steps[step]();
}

const [root, stackName, step] = process.argv.slice(2);
void main(root, stackName, step);
