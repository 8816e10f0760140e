// The session goes into the environment's current values, which Postman neither synchronises nor exports.
if (pm.variables.get("answered")) {
    const text = pm.response.text();
    const field = (name) => (new RegExp(`<${name}>([^<]+)</${name}>`).exec(text) || [])[1] || "";
    const reason = field("Code") ? `: ${field("Code")}` : "";
    pm.test(`the role is assumed${reason}`, () => pm.expect(pm.response.code).to.equal(200));
    if (pm.response.code === 200) {
        pm.environment.set("roleAccessKeyId", field("AccessKeyId"));
        pm.environment.set("roleSecretAccessKey", field("SecretAccessKey"));
        pm.environment.set("roleSessionToken", field("SessionToken"));
    } else {
        pm.execution.setNextRequest(null);
    }
}
