// Before every request: sign as the assumed role if there is one, else as the caller.
const as = pm.environment.get("roleAccessKeyId") ? ["roleAccessKeyId", "roleSecretAccessKey", "roleSessionToken"]
                                                 : ["accessKeyId", "secretAccessKey", "sessionToken"];
["signAccessKeyId", "signSecretAccessKey", "signSessionToken"].forEach((name, i) => {
    pm.variables.set(name, pm.environment.get(as[i]) || "");
});
