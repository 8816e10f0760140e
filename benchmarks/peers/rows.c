/* The loop over rows that tl2cgen leaves to its caller; compiled together with the trees. */
union Entry { int missing; float fvalue; };
void predict(union Entry *row, int margin, float *answer);

void predict_rows(union Entry *values, int rows, int width, float *answers) {
  for (int row = 0; row < rows; ++row) predict(values + (long)row * width, 0, answers + row);
}
