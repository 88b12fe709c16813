// Points and regions over the picture.

/**
 * @param box left, top, width and height of the picture, in the context's pixels
 * @param marks {x, y, colour, isChosen}, or {outline, colour, isChosen}; in shares of the picture
 * @param drawn corners of a region that is being drawn
 */
export function drawMarks(context, box, marks, drawn) {
  const stroke = (width, colour) => {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  };
  const path = (outline, isClosed) => {
    context.beginPath();
    outline.forEach(({ x, y }) => context.lineTo(box.left + x * box.width, box.top + y * box.height));
    if (isClosed) context.closePath();
  };
  for (const { x, y, outline, colour, isChosen } of marks) {
    if (outline) {
      path(outline, true);
      stroke(isChosen ? 5 : 3.5, "#000");
      stroke(isChosen ? 3 : 2, colour);
    } else {
      context.beginPath();
      context.arc(box.left + x * box.width, box.top + y * box.height, isChosen ? 9 : 7, 0, 7);
      context.fillStyle = colour;
      context.fill();
      stroke(3.5, "#000");
      stroke(2, "#fff");
    }
  }
  if (drawn.length) {
    path(drawn, false);
    stroke(3.5, "#000");
    stroke(2, "#fff");
  }
}
