export default {
  "{n} point": "{n} Punkt",
  "{n} points": "{n} Punkte",
};
