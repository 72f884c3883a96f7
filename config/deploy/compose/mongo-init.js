// Makes the replica set and Trainyard's user, whoever of them is missing; run by mongosh as root, again and again.
const hello = db.getSiblingDB("admin").hello();
if (!hello.setName) {
  rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] });
}
while (!db.getSiblingDB("admin").hello().isWritablePrimary) {
  sleep(200);
}
const trainyard = db.getSiblingDB("trainyard");
const password = process.env.MONGO_TRAINYARD_PASSWORD;
const roles = [{ role: "readWrite", db: "trainyard" }];
if (trainyard.getUser("trainyard")) {
  trainyard.updateUser("trainyard", { pwd: password, roles });
} else {
  trainyard.createUser({ user: "trainyard", pwd: password, roles });
}
